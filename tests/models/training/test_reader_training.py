import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.random import default_rng

torch = pytest.importorskip("torch")
onnx = pytest.importorskip("onnx")

from models.characters import SYMBOLS, CharacterReader, prepared_for_reading  # noqa: E402 - needs torch
from models.training import reader_training as room  # noqa: E402 - needs torch
from models.training.graph import OnnxGraph  # noqa: E402 - needs torch
from models.training.loop import Schedule  # noqa: E402 - needs torch
from models.training.pictures.drawn import Corners  # noqa: E402 - needs torch
from models.training.pictures.strips import CHARACTERS, CLASSES, Place, Strip, batch_of, classes_of  # noqa: E402
from models.weights import OnnxNetwork  # noqa: E402 - needs torch
from tests.models.looks import CHINESE  # noqa: E402 - needs torch

Module: Any = torch.nn.Module
KNOWN = [*reversed(SYMBOLS), "*", *"汉字甲乙丙丁", "I", "O"]
STEPS = 48


def stock() -> Any:
    """A recogniser like the stock one, far smaller: one class for each of KNOWN, one for blank, one for space."""
    chances = default_rng(2)
    node, tensor = onnx.helper.make_node, onnx.numpy_helper.from_array
    info = onnx.helper.make_tensor_value_info
    classes = len(KNOWN) + 2
    graph = onnx.helper.make_graph(
        [
            node("AveragePool", ["x"], ["pooled"], kernel_shape=[48, 8], strides=[48, 8]),
            node("Squeeze", ["pooled"], ["flat"], axes=[2]),
            node("Transpose", ["flat"], ["steps"], perm=[0, 2, 1]),
            node("MatMul", ["steps", "linear_8.w_0"], ["product"]),
            node("Add", ["product", "linear_8.b_0"], ["scores"]),
            node("Softmax", ["scores"], ["y"], axis=2),
        ],
        "stock",
        [info("x", onnx.TensorProto.FLOAT, ["N", 3, 48, 384])],
        [info("y", onnx.TensorProto.FLOAT, ["N", STEPS, classes])],
        [
            tensor(chances.normal(0, 1, (3, classes)).astype(np.float32), "linear_8.w_0"),
            tensor(np.arange(classes, dtype=np.float32), "linear_8.b_0"),
        ],
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 11)], ir_version=7)
    onnx.helper.set_model_props(model, {"character": "\n".join(KNOWN)})
    return model


class Reads(Module):  # type: ignore[misc]
    """A network that is certain of the same classes whatever it sees."""

    def __init__(self, classes: tuple[int, ...]) -> None:
        super().__init__()
        scores = torch.full((STEPS, CLASSES), -9.0)
        scores[:, 0] = 0.0
        for place, one in enumerate(classes):
            scores[2 * place, one] = 9.0
        self.scores = torch.nn.Parameter(scores)

    def forward(self, batch: Any) -> Any:
        return self.scores.expand(len(batch), -1, -1)


def strip(text: str) -> Strip:
    return Strip(picture=np.full((48, 384, 3), 90, dtype=np.uint8), classes=classes_of(text))


@pytest.fixture
def place(bar_frame: tuple[Any, Corners]) -> Place:
    return Place(frame=bar_frame[0], quad=bar_frame[1], text=CHINESE)


def test_the_cut_down_reader_keeps_what_it_knew_of_a_vins_characters() -> None:
    model = stock()
    cut = room.cut_down(model, KNOWN)
    bias = {one.name: onnx.numpy_helper.to_array(one) for one in cut.graph.initializer}["linear_8.b_0"]
    # The stock classes count from 1 in the order of KNOWN; what it did not know begins as the star.
    expected = [0, *(KNOWN.index(one) + 1 if one in KNOWN else KNOWN.index("*") + 1 for one in CHARACTERS)]
    assert bias.tolist() == [*expected, len(KNOWN) + 1]
    assert [dim.dim_value for dim in cut.graph.output[0].type.tensor_type.shape.dim][-1] == CLASSES
    assert list(model.graph.initializer[1].dims) == [len(KNOWN) + 2]


def test_the_cut_down_reader_is_one_that_the_product_loads() -> None:
    network = OnnxNetwork(room.cut_down(stock(), KNOWN).SerializeToString(), threads=1)
    picture = strip("").picture
    assert network.run(prepared_for_reading(picture)).shape == (1, STEPS, CLASSES)
    steps = CharacterReader(network).read(picture)
    assert steps.symbols.shape == (STEPS, len(SYMBOLS))
    assert steps.symbols.sum(axis=1) + steps.space + steps.mark + steps.blank == pytest.approx(1.0, abs=1e-4)


def test_a_step_always_has_the_same_strips_and_some_of_them_are_photographed(place: Place) -> None:
    once, again, other = (room.strips_of_step([place], step) for step in (4, 4, 5))
    assert all(np.array_equal(a.picture, b.picture) for a, b in zip(once, again, strict=True))
    assert not all(np.array_equal(a.picture, b.picture) for a, b in zip(once, other, strict=True))
    photographed = sum(one.classes == classes_of(CHINESE) for one in once)
    assert 4 < photographed < 24
    assert len(once) == 32


def test_batches_go_on_where_a_checkpoint_stands(place: Place) -> None:
    source = iter(room.StripBatches([place], step=7))
    next(source)
    pictures, classes = next(source)
    expected = room.strips_of_step([place], 8)
    assert np.array_equal(pictures, batch_of(expected))
    assert classes == [one.classes for one in expected]


def test_the_share_read_exactly_counts_whole_strips() -> None:
    network = Reads(classes_of(CHINESE))
    wrong = CHINESE[:-1] + ("1" if CHINESE[-1] != "1" else "2")
    assert room.exact_share(network, [strip(CHINESE)] * 40) == 1.0
    assert room.exact_share(network, [strip(CHINESE), strip(wrong), strip(""), strip(CHINESE + "A")]) == 0.25
    assert room.exact_share(network, []) == 0.0


def test_the_loss_is_small_where_the_strip_is_read_and_large_where_it_is_not() -> None:
    network = Reads(classes_of(CHINESE))
    pictures = batch_of([strip(CHINESE)] * 2)
    right = room.reading_loss(network, (pictures, [classes_of(CHINESE)] * 2))
    wrong = room.reading_loss(network, (pictures, [classes_of(CHINESE), classes_of("/")]))
    assert float(right.detach()) < 0.2
    assert float(wrong.detach()) > 1.0
    wrong.backward()
    assert network.scores.grad is not None
    assert bool(torch.isfinite(network.scores.grad).all())


def test_strips_to_check_on_are_always_the_same_and_never_those_of_a_step(place: Place) -> None:
    monkey = pytest.MonkeyPatch()
    with monkey.context() as patched:
        patched.setattr(room, "_CHECKED_STRIPS", 3)
        once, again = (room.checked_strips([place] * 5) for _ in range(2))
        assert list(room.checked_strips([])) == ["drawn"]
    assert {name: len(strips) for name, strips in once.items()} == {"drawn": 3, "photographed": 3}
    for name, strips in once.items():
        assert all(np.array_equal(a.picture, b.picture) for a, b in zip(strips, again[name], strict=True))


def test_a_reader_is_trained_checked_and_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: Place) -> None:
    def one_process(places: Any, step: int) -> Iterator[Any]:
        return iter(room.StripBatches(places, step=step))

    monkeypatch.setattr(room, "_loaded", one_process)
    monkeypatch.setattr(room, "_BATCH_STRIPS", 2)
    monkeypatch.setattr(room, "_CHECKED_STRIPS", 2)
    cut = room.cut_down(stock(), KNOWN)
    schedule = Schedule(steps=4, rate_max=0.1, rate_min=0.1, checkpoint_steps=2)
    trained = room.reader_trained(cut, ([place], [place]), folder=tmp_path, schedule=schedule)
    lines = [json.loads(line) for line in (tmp_path / "reader.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [line["step"] for line in lines] == [2, 4]
    assert set(lines[0]) == {"step", "loss", "drawn", "photographed"}
    assert trained == room.reader_from(cut, tmp_path / "reader.pt")
    picture = np.zeros((1, 3, 48, 384), dtype=np.float32)
    before, after = (OnnxNetwork(one.SerializeToString(), threads=1).run(picture) for one in (cut, trained))
    assert not np.allclose(before, after, rtol=1e-3, atol=0)
    expected = OnnxGraph(cut)
    expected.load_state_dict(torch.load(tmp_path / "reader.pt", weights_only=True)["averaged"], strict=False)
    with torch.no_grad():
        assert after == pytest.approx(expected(torch.from_numpy(picture)).numpy(), abs=5e-3)
