"""Fine-tunes the character reader: PP-OCRv6's small recogniser, its 18 708 characters cut down to those of a VIN."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.random import default_rng
from numpy.typing import NDArray
from onnx import numpy_helper
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, IterableDataset

from models.training.graph import OnnxGraph, halved, scores_of, with_weights
from models.training.loop import Schedule, averaged_weights, trained
from models.training.pictures.strips import CHARACTERS, CLASSES, Place, Strip, batch_of, drawn_strip, photographed_strip

_HEAD_WEIGHT, _HEAD_BIAS = "linear_8.w_0", "linear_8.b_0"
_STAND_IN_FOR_OTHERS = "*"
_BATCH_STRIPS = 32
_PHOTOGRAPHED_SHARE = 0.4
_CHECKED_STRIPS = 200
_SEED_CHECKED = 987_654_321
SCHEDULE = Schedule(steps=2600, rate_max=2.5e-4, rate_min=1e-5)


class StripBatches(IterableDataset[tuple[NDArray[np.float32], list[tuple[int, ...]]]]):
    """Endless batches: drawn strips, and strips of frames where there are some; each step has its own seed."""

    def __init__(self, places: Sequence[Place], *, step: int) -> None:
        self._places = places
        self._step = step

    def __iter__(self) -> Iterator[tuple[NDArray[np.float32], list[tuple[int, ...]]]]:
        step = self._step
        while True:
            strips = strips_of_step(self._places, step)
            yield batch_of(strips), [strip.classes for strip in strips]
            step += 1


def strips_of_step(places: Sequence[Place], step: int) -> list[Strip]:
    """Return the strips of one step; the same step always gives the same."""
    chances = default_rng((20_261, step))
    strips = []
    for _ in range(_BATCH_STRIPS):
        if len(places) and chances.random() < _PHOTOGRAPHED_SHARE:
            strips.append(photographed_strip(places[int(chances.integers(0, len(places)))], chances))
        else:
            strips.append(drawn_strip(chances))
    return strips


def cut_down(model: onnx.ModelProto, characters: Sequence[str]) -> onnx.ModelProto:
    """Return the recogniser with one class for each character of a VIN instead of all that it knew.

    characters: what the network's classes 1 to N stand for today, in order.
    """
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    known = {character: place + 1 for place, character in enumerate(characters)}
    kept = [0, *(known.get(one, known[_STAND_IN_FOR_OTHERS]) for one in CHARACTERS), len(known) + 1]
    for tensor in copy.graph.initializer:
        if tensor.name in {_HEAD_WEIGHT, _HEAD_BIAS}:
            narrow = numpy_helper.to_array(tensor)[..., kept]
            tensor.CopyFrom(numpy_helper.from_array(np.ascontiguousarray(narrow), tensor.name))
    del copy.graph.value_info[:]
    copy.graph.output[0].type.tensor_type.shape.dim[2].dim_value = CLASSES
    for entry in copy.metadata_props:
        if entry.key == "character":
            entry.value = "\n".join(CHARACTERS)
    return copy


def reader_trained(
    model: onnx.ModelProto,
    places: tuple[Sequence[Place], Sequence[Place]],
    *,
    folder: Path,
    schedule: Schedule = SCHEDULE,
) -> onnx.ModelProto:
    """Train the recogniser and return it; checkpoint and a line of figures per checkpoint go into `folder`.

    places: labelled places to train on, and others to check on.
    """
    checked = checked_strips(places[1])
    log = folder / "reader.jsonl"

    def report(step: int, loss: float, now: nn.Module) -> None:
        line: dict[str, Any] = {"step": step, "loss": round(loss, 4)}
        line |= {name: round(exact_share(now, strips), 4) for name, strips in checked.items()}
        with log.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(line) + "\n")

    checkpoint = folder / "reader.pt"
    trained(
        OnnxGraph(model, output=scores_of(model)),
        lambda step: _loaded(places[0], step),
        loss_of=reading_loss,
        schedule=schedule,
        checkpoint=checkpoint,
        report=report,
    )
    return reader_from(model, checkpoint)


def reader_from(model: onnx.ModelProto, checkpoint: Path) -> onnx.ModelProto:
    """Return the recogniser with the averaged weights of a checkpoint, stored with 16 bits."""
    network = OnnxGraph(model)
    network.load_state_dict(averaged_weights(checkpoint), strict=False)
    return halved(with_weights(model, network.weights()))


def checked_strips(places: Sequence[Place]) -> dict[str, list[Strip]]:
    """Return strips that are never trained on: drawn ones, and frames of other vehicles."""
    chances = default_rng(_SEED_CHECKED)
    strips = {"drawn": [drawn_strip(chances) for _ in range(_CHECKED_STRIPS)]}
    if len(places):
        strips["photographed"] = [photographed_strip(place, chances) for place in places[:_CHECKED_STRIPS]]
    return strips


def exact_share(network: nn.Module, strips: Sequence[Strip]) -> float:
    """Return the share of strips whose plain collapse is exactly what stands there."""
    right = 0
    with torch.no_grad():
        for at in range(0, len(strips), _BATCH_STRIPS):
            some = strips[at : at + _BATCH_STRIPS]
            best = network(torch.from_numpy(batch_of(some))).argmax(dim=2).tolist()
            right += sum(_collapsed(row) == strip.classes for row, strip in zip(best, some, strict=True))
    return right / max(1, len(strips))


def reading_loss(network: nn.Module, batch: tuple[NDArray[np.float32], list[tuple[int, ...]]]) -> Tensor:
    """Return the CTC loss (Graves et al. 2006) of one batch, computed from bfloat16 activations."""
    pictures, classes = batch
    with torch.autocast("cpu", dtype=torch.bfloat16):
        scores = network(torch.as_tensor(pictures).to(memory_format=torch.channels_last))
    steps = functional.log_softmax(scores.float(), dim=2).transpose(0, 1)
    lengths = torch.tensor([len(one) for one in classes])
    targets = torch.tensor([symbol for one in classes for symbol in one])
    shown = torch.full((len(classes),), steps.shape[0])
    return functional.ctc_loss(steps, targets, shown, lengths, zero_infinity=True)


def _collapsed(row: Sequence[int]) -> tuple[int, ...]:
    return tuple(one for place, one in enumerate(row) if one and (not place or row[place - 1] != one))


def _loaded(places: Sequence[Place], step: int) -> Iterator[Any]:
    # One process draws while this one learns: there are two cores.
    return iter(DataLoader(StripBatches(places, step=step), batch_size=None, num_workers=1, prefetch_factor=4))
