"""Runs an ONNX graph in PyTorch so that its weights can be trained on, and writes them back into the same graph.

It knows the operators of the two PP-OCRv6 networks that training starts from, and no others: an unknown one is an
error, not a guess. Writing back changes weights only, so what was trained is exactly what ONNX Runtime will run.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn
from torch.nn import functional

from models import ModelError

_TRAINED_ELEMENTS_MIN = 2
_HALVED_ELEMENTS_MIN = 512
_Attributes = Mapping[str, Any]


class GraphError(ModelError):
    """An ONNX graph with an operator or a weight that training does not know."""


class OnnxGraph(nn.Module):
    """An ONNX graph as a trainable module; its output is the graph's first output."""

    def __init__(self, model: onnx.ModelProto, *, output: str = "") -> None:
        super().__init__()
        self._nodes = [
            (node.op_type, tuple(node.input), tuple(node.output), _attributes(node)) for node in model.graph.node
        ]
        unknown = {operator for operator, *_ in self._nodes} - set(_OPERATORS)
        if unknown:
            raise GraphError(f"no rule for the operators {', '.join(sorted(unknown))}")
        self._input = model.graph.input[0].name
        self._output = output or model.graph.output[0].name
        self._last_use = _last_uses(self._nodes)
        self._names: dict[str, str] = {}
        # Shapes and scales are numbers of Python, so that a compiler sees constants in them.
        self._constants: dict[str, Any] = {}
        numbers, running = _numbers(model), _running_figures(model)
        for place, tensor in enumerate(model.graph.initializer):
            array = numpy_helper.to_array(tensor)
            if array.dtype == np.int64 or tensor.name in numbers:
                self._constants[tensor.name] = array.tolist()
                continue
            self._names[tensor.name] = f"weight_{place}"
            self._take(f"weight_{place}", array, fixed=tensor.name in running)

    def forward(self, batch: Tensor) -> Tensor:
        """Return the output for a batch, shapes as the graph wants them."""
        values: dict[str, Any] = {name: getattr(self, attribute) for name, attribute in self._names.items()}
        values |= self._constants
        values[self._input] = batch
        for place, (operator, inputs, outputs, attributes) in enumerate(self._nodes):
            arguments = [values[name] if name else None for name in inputs]
            values[outputs[0]] = _OPERATORS[operator](arguments, attributes)
            if outputs[0] == self._output:
                break
            for name in inputs:
                if self._last_use.get(name) == place and name not in self._names:
                    values.pop(name, None)
        return values[self._output]

    def _take(self, name: str, array: np.ndarray[Any, Any], *, fixed: bool) -> None:
        value = torch.from_numpy(array.copy())
        if fixed or value.numel() < _TRAINED_ELEMENTS_MIN:
            self.register_buffer(name, value)
        else:
            self.register_parameter(name, nn.Parameter(value))

    def weights(self) -> dict[str, np.ndarray[Any, Any]]:
        """Return the trained weights by their name in the ONNX file."""
        trained = dict(self.named_parameters())
        return {name: trained[key].detach().numpy() for name, key in self._names.items() if key in trained}


def with_weights(model: onnx.ModelProto, weights: Mapping[str, np.ndarray[Any, Any]]) -> onnx.ModelProto:
    """Return a copy of the graph with other weights."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    for tensor in copy.graph.initializer:
        if tensor.name in weights:
            tensor.CopyFrom(numpy_helper.from_array(weights[tensor.name].astype(np.float32), tensor.name))
    return copy


def halved(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return a copy that stores large weights with 16 bits and widens them at load: half the file, the same speed."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    casts = []
    for tensor in copy.graph.initializer:
        if tensor.data_type != TensorProto.FLOAT or int(np.prod(tensor.dims)) < _HALVED_ELEMENTS_MIN:
            continue
        name = tensor.name
        narrow = numpy_helper.to_array(tensor).astype(np.float16)
        tensor.CopyFrom(numpy_helper.from_array(narrow, f"{name}.half"))
        casts.append(helper.make_node("Cast", [f"{name}.half"], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *copy.graph.node]
    del copy.graph.node[:]
    copy.graph.node.extend(nodes)
    return copy


def scores_of(model: onnx.ModelProto) -> str:
    """Return the name of what goes into the graph's last operator, a softmax or a sigmoid."""
    return str(model.graph.node[-1].input[0])


def _attributes(node: onnx.NodeProto) -> dict[str, Any]:
    return {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}


def _last_uses(nodes: list[tuple[str, tuple[str, ...], tuple[str, ...], dict[str, Any]]]) -> dict[str, int]:
    return {name: place for place, (_, inputs, _, _) in enumerate(nodes) for name in inputs}


def _running_figures(model: onnx.ModelProto) -> set[str]:
    """Return the names of the running means and variances of batch normalisation: measured, not trained."""
    return {name for node in model.graph.node if node.op_type == "BatchNormalization" for name in node.input[3:5]}


def _numbers(model: onnx.ModelProto) -> set[str]:
    """Return the names of the sizes, places and scales that operators take as inputs."""
    takers = {"Resize", "Reshape", "Slice"}
    return {name for node in model.graph.node if node.op_type in takers for name in node.input[1:]}


def _pads(attributes: _Attributes) -> Sequence[int]:
    """Return top, left, bottom, right; SAME_UPPER stands here at a stride of 1 only."""
    if attributes.get("auto_pad", b"NOTSET") == b"SAME_UPPER":
        high, wide = (size - 1 for size in attributes["kernel_shape"])
        return high // 2, wide // 2, high - high // 2, wide - wide // 2
    return attributes.get("pads", [0, 0, 0, 0])  # type: ignore[no-any-return]


def _conv(arguments: list[Any], attributes: _Attributes) -> Tensor:
    image, weight = arguments[0], arguments[1]
    bias = arguments[2] if len(arguments) > 2 else None
    top, left, bottom, right = _pads(attributes)
    if (top, left) != (bottom, right):
        image, top, left = functional.pad(image, (left, right, top, bottom)), 0, 0
    return functional.conv2d(
        image,
        weight,
        bias,
        stride=tuple(attributes.get("strides", [1, 1])),
        padding=(top, left),
        dilation=tuple(attributes.get("dilations", [1, 1])),
        groups=attributes.get("group", 1),
    )


def _conv_transpose(arguments: list[Any], attributes: _Attributes) -> Tensor:
    pads = attributes.get("pads", [0, 0, 0, 0])
    return functional.conv_transpose2d(
        arguments[0], arguments[1], stride=tuple(attributes["strides"]), padding=tuple(pads[:2])
    )


def _pool(arguments: list[Any], attributes: _Attributes, *, average: bool) -> Tensor:
    image = arguments[0]
    top, left, bottom, right = _pads(attributes)
    fill = 0.0 if average else float("-inf")
    if any((top, left, bottom, right)):
        image = functional.pad(image, (left, right, top, bottom), value=fill)
    kernel, stride = tuple(attributes["kernel_shape"]), tuple(attributes["strides"])
    ceil = bool(attributes.get("ceil_mode", 0))
    if average:
        return functional.avg_pool2d(image, kernel, stride, ceil_mode=ceil)
    return functional.max_pool2d(image, kernel, stride, ceil_mode=ceil)


def _batch_norm(arguments: list[Any], attributes: _Attributes) -> Tensor:
    # Running figures stay as they are: batches here are small and differ from photos in what is common.
    image, weight, bias, mean, variance = arguments
    return functional.batch_norm(image, mean, variance, weight, bias, eps=attributes.get("epsilon", 1e-5))


def _resize(arguments: list[Any], _attributes: _Attributes) -> Tensor:
    high, wide = (float(scale) for scale in arguments[2][2:])
    return functional.interpolate(arguments[0], scale_factor=(high, wide), mode="nearest")


def _slice(arguments: list[Any], _attributes: _Attributes) -> Any:
    value, starts, ends = arguments[:3]
    if isinstance(value, list):
        return value[starts[0] : ends[0]]
    for axis, start, end in zip(arguments[3], starts, ends, strict=True):
        value = value.narrow(axis, start, min(end, value.shape[axis]) - start)
    return value


def _reshape(arguments: list[Any], _attributes: _Attributes) -> Any:
    value, wanted = arguments
    if isinstance(value, list):
        return value
    return value.reshape([value.shape[at] if size == 0 else size for at, size in enumerate(wanted)])


def _concat(arguments: list[Any], attributes: _Attributes) -> Any:
    if all(isinstance(one, list) for one in arguments):
        return [number for one in arguments for number in one]
    return torch.cat(arguments, dim=attributes["axis"])


def _squeeze(arguments: list[Any], attributes: _Attributes) -> Any:
    value = arguments[0]
    if isinstance(value, list):
        return value
    for axis in sorted(attributes["axes"], reverse=True):
        value = value.squeeze(axis)
    return value


def _unsqueeze(arguments: list[Any], attributes: _Attributes) -> Any:
    value = arguments[0]
    if isinstance(value, list):
        return value
    for axis in sorted(attributes["axes"]):
        value = value.unsqueeze(axis)
    return value


_OPERATORS: dict[str, Callable[[list[Any], _Attributes], Any]] = {
    "Add": lambda a, _: a[0] + a[1],
    "Sub": lambda a, _: a[0] - a[1],
    "Mul": lambda a, _: a[0] * a[1],
    "Div": lambda a, _: a[0] / a[1],
    "Pow": lambda a, _: a[0].pow(a[1]),
    "Sqrt": lambda a, _: a[0].sqrt(),
    "Erf": lambda a, _: torch.erf(a[0]),
    "Relu": lambda a, _: torch.relu(a[0]),
    "Sigmoid": lambda a, _: torch.sigmoid(a[0]),
    "HardSigmoid": lambda a, at: torch.clamp(a[0] * at.get("alpha", 0.2) + at.get("beta", 0.5), 0, 1),
    "Softmax": lambda a, at: torch.softmax(a[0], dim=at.get("axis", 1)),
    "MatMul": lambda a, _: a[0] @ a[1],
    "Identity": lambda a, _: a[0],
    "Concat": _concat,
    "Transpose": lambda a, at: a[0].permute(at["perm"]),
    "Squeeze": _squeeze,
    "Unsqueeze": _unsqueeze,
    "Reshape": _reshape,
    "Shape": lambda a, _: [int(size) for size in a[0].shape],
    "Slice": _slice,
    "ReduceMean": lambda a, at: a[0].mean(dim=at["axes"], keepdim=bool(at.get("keepdims", 1))),
    "GlobalAveragePool": lambda a, _: a[0].mean(dim=(2, 3), keepdim=True),
    "MaxPool": lambda a, at: _pool(a, at, average=False),
    "AveragePool": lambda a, at: _pool(a, at, average=True),
    "BatchNormalization": _batch_norm,
    "Conv": _conv,
    "ConvTranspose": _conv_transpose,
    "Resize": _resize,
}
