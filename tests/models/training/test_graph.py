from typing import Any

import numpy as np
import onnxruntime
import pytest
from numpy.random import default_rng

torch = pytest.importorskip("torch")
onnx = pytest.importorskip("onnx")

from models.training.graph import GraphError, OnnxGraph, halved, scores_of, with_weights  # noqa: E402 - needs torch

CHANCES = default_rng(5)
node, tensor = onnx.helper.make_node, onnx.numpy_helper.from_array


def model_of(nodes: list[Any], weights: dict[str, Any], shape: tuple[int | str, ...]) -> Any:
    """A graph from "x" to "y" as PaddlePaddle writes them: operator set 11, weights as initializers."""
    info = onnx.helper.make_tensor_value_info
    graph = onnx.helper.make_graph(
        nodes,
        "made up",
        [info("x", onnx.TensorProto.FLOAT, shape)],
        [info("y", onnx.TensorProto.FLOAT, None)],
        [tensor(np.asarray(value), name) for name, value in weights.items()],
    )
    return onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 11)], ir_version=7)


def floats(*shape: int) -> Any:
    return CHANCES.normal(0, 0.5, shape).astype(np.float32)


def by_runtime(model: Any, batch: Any) -> Any:
    return onnxruntime.InferenceSession(model.SerializeToString()).run(None, {"x": batch})[0]


def by_torch(model: Any, batch: Any) -> Any:
    with torch.no_grad():
        return OnnxGraph(model)(torch.from_numpy(batch)).numpy()


def pictures() -> Any:
    """A small detector: every operator that works on pictures."""
    nodes = [
        node("Conv", ["x", "w1", "b1"], ["a"], kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1]),
        node("BatchNormalization", ["a", "scale", "shift", "mean", "variance"], ["b"], epsilon=1e-3),
        node("Relu", ["b"], ["c"]),
        node("MaxPool", ["c"], ["pooled"], kernel_shape=[2, 2], strides=[1, 1], auto_pad="SAME_UPPER"),
        node("Conv", ["pooled", "w2"], ["d"], kernel_shape=[2, 2], auto_pad="SAME_UPPER", group=2),
        node("AveragePool", ["d"], ["e"], kernel_shape=[2, 2], strides=[2, 2]),
        node("GlobalAveragePool", ["e"], ["mean_of"]),
        node("HardSigmoid", ["mean_of"], ["gate"], alpha=0.2, beta=0.5),
        node("Mul", ["e", "gate"], ["f"]),
        node("Resize", ["f", "region", "scales"], ["g"], mode="nearest", nearest_mode="floor",
             coordinate_transformation_mode="asymmetric"),
        node("Concat", ["g", "d"], ["h"], axis=1),
        node("ConvTranspose", ["h", "w3"], ["i"], kernel_shape=[2, 2], strides=[2, 2]),
        node("Sigmoid", ["i"], ["y"]),
    ]  # fmt: skip
    weights = {
        "w1": floats(4, 3, 3, 3),
        "b1": floats(4),
        "scale": floats(4),
        "shift": floats(4),
        "mean": floats(4),
        "variance": np.abs(floats(4)) + 0.5,
        "w2": floats(4, 2, 2, 2),
        "region": np.array([], dtype=np.float32),
        "scales": np.array([1, 1, 2, 2], dtype=np.float32),
        "w3": floats(8, 1, 2, 2),
    }
    return model_of(nodes, weights, ("N", 3, 16, 16))


def sequences() -> Any:
    """A small recogniser: every operator that works on steps, a layer normalisation and the arithmetic of shapes."""
    nodes = [
        node("Shape", ["x"], ["shape"]),
        node("Slice", ["shape", "zero", "two"], ["front"]),
        node("Concat", ["front", "minus"], ["wanted"], axis=0),
        node("Squeeze", ["x"], ["flat"], axes=[2]),
        node("Transpose", ["flat"], ["steps"], perm=[0, 2, 1]),
        node("ReduceMean", ["steps"], ["mean"], axes=[-1]),
        node("Sub", ["steps", "mean"], ["centred"]),
        node("Pow", ["centred", "square"], ["squared"]),
        node("ReduceMean", ["squared"], ["variance"], axes=[-1]),
        node("Add", ["variance", "tiny"], ["padded"]),
        node("Sqrt", ["padded"], ["spread"]),
        node("Div", ["centred", "spread"], ["normed"]),
        node("MatMul", ["normed", "w"], ["scores"]),
        node("Erf", ["scores"], ["bent"]),
        node("Slice", ["bent", "zero", "two", "last"], ["cut"]),
        node("Identity", ["cut"], ["kept"]),
        node("Unsqueeze", ["kept"], ["wide"], axes=[1]),
        node("Reshape", ["wide", "narrow"], ["again"]),
        node("Softmax", ["again"], ["y"], axis=2),
    ]
    weights = {
        "zero": np.array([0], dtype=np.int64),
        "two": np.array([2], dtype=np.int64),
        "minus": np.array([-1], dtype=np.int64),
        "last": np.array([2], dtype=np.int64),
        "narrow": np.array([0, -1, 2], dtype=np.int64),
        "square": np.array(2, dtype=np.float32),
        "tiny": np.array(1e-5, dtype=np.float32),
        "w": floats(6, 5),
    }
    return model_of(nodes, weights, ("N", 6, 1, 7))


@pytest.mark.parametrize(("model", "shape"), [(pictures(), (2, 3, 16, 16)), (sequences(), (3, 6, 1, 7))])
def test_torch_computes_what_onnx_runtime_computes(model: Any, shape: tuple[int, ...]) -> None:
    batch = floats(*shape)
    expected = by_runtime(model, batch)
    assert by_torch(model, batch) == pytest.approx(expected, abs=1e-5)
    assert expected.std() > 0.01


@pytest.mark.parametrize(("model", "shape"), [(pictures(), (2, 3, 16, 16)), (sequences(), (3, 6, 1, 7))])
def test_weights_survive_the_way_out_and_back(model: Any, shape: tuple[int, ...]) -> None:
    graph, batch = OnnxGraph(model), floats(*shape)
    with torch.no_grad():
        for weight in graph.parameters():
            weight.add_(0.1 * torch.randn_like(weight))
        changed = graph(torch.from_numpy(batch)).numpy()
    written = with_weights(model, graph.weights())
    assert by_runtime(written, batch) == pytest.approx(changed, abs=1e-5)
    assert by_runtime(written, batch) != pytest.approx(by_runtime(model, batch), abs=1e-5)


def test_writing_weights_leaves_the_graph_that_was_handed_in_alone() -> None:
    model = pictures()
    before = model.SerializeToString()
    with_weights(model, {"w1": np.zeros((4, 3, 3, 3), dtype=np.float32)})
    halved(model)
    assert model.SerializeToString() == before


def test_sizes_scales_and_running_figures_are_not_trained() -> None:
    assert set(OnnxGraph(pictures()).weights()) == {"w1", "b1", "scale", "shift", "w2", "w3"}
    assert set(OnnxGraph(sequences()).weights()) == {"w"}


def test_every_trained_weight_gets_a_gradient() -> None:
    graph = OnnxGraph(pictures())
    graph(torch.from_numpy(floats(2, 3, 16, 16))).sum().backward()
    assert all(weight.grad is not None and weight.grad.abs().sum() > 0 for weight in graph.parameters())


def test_training_may_stop_at_the_scores_before_the_last_operator() -> None:
    model, batch = pictures(), torch.from_numpy(floats(1, 3, 16, 16))
    assert scores_of(model) == "i"
    with torch.no_grad():
        scores = OnnxGraph(model, output="i")(batch)
        assert torch.allclose(torch.sigmoid(scores), OnnxGraph(model)(batch))


def test_an_operator_without_a_rule_is_an_error_that_names_it() -> None:
    with pytest.raises(GraphError, match="Selu"):
        OnnxGraph(model_of([node("Selu", ["x"], ["y"])], {}, (1, 2)))


def test_half_the_bits_give_nearly_the_same_answers_from_a_smaller_file() -> None:
    weight = floats(64, 64)
    model = model_of(
        [node("MatMul", ["x", "w"], ["z"]), node("Add", ["z", "b"], ["y"])], {"w": weight, "b": floats(64)}, (1, 64)
    )
    small, batch = halved(model), floats(1, 64)
    assert by_runtime(small, batch) == pytest.approx(by_runtime(model, batch), abs=0.02)
    assert len(small.SerializeToString()) < 0.6 * len(model.SerializeToString())
    # What is small anyway stays as exact as it was.
    assert {one.name: one.data_type for one in small.graph.initializer} == {
        "w.half": onnx.TensorProto.FLOAT16,
        "b": onnx.TensorProto.FLOAT,
    }
