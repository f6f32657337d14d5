"""Trains the teller of surfaces from scratch: a small convolutional network on labelled frames and drawn VINs."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import onnx
import torch
from numpy.random import Generator, default_rng
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from models.photo import Pixels
from models.surfaces import KINDS, VIEW_PIXELS, view_of
from models.training.graph import halved
from models.training.loop import Schedule, averaged_weights, trained
from models.training.pictures.drawn import Corners, drawn, some_vin
from models.training.pictures.weather import shrunk, weathered

_SEED = 20_263
_BATCH = 48
_CHANNELS = (16, 32, 64, 96)
_LETTER_PIXELS = 24.0
# How a drawn surface is called in a finding. Drawn plates and stickers differ too little to teach by.
_DRAWN_AS = {
    "stamped": "stamped",
    "engraved": "stamped",
    "embossed": "plate",
    "windshield": "windshield",
    "rubbing": "rubbing",
    "document": "document",
}
_PHOTOGRAPHED_SHARE = 0.5
_REPEATED_MAX = 6
SCHEDULE = Schedule(steps=1200, rate_max=2e-3, rate_min=2e-5, weight_decay=0.02, average_decay=0.99)


class Teller(nn.Module):
    """(N, 3, 48, 192) from -1 to 1 in, a score for each of KINDS out."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        before = 3
        for channels in _CHANNELS:
            layers += [nn.Conv2d(before, channels, 3, stride=2, padding=1), nn.ReLU()]
            layers += [nn.Conv2d(channels, channels, 3, padding=1), nn.ReLU()]
            before = channels
        self.body = nn.Sequential(*layers)
        self.head = nn.Linear(before, len(KINDS))

    def forward(self, batch: Tensor) -> Tensor:
        """Return (N, 6) scores."""
        return self.head(self.body(batch).mean(dim=(2, 3)))


@dataclass(frozen=True)
class Shown:
    """A frame, the corners of the VIN on it in pixels, and which of KINDS carries it, as it was seen by eye."""

    picture: Pixels
    quad: Corners
    kind: str


def teller_trained(
    shown: tuple[Sequence[Shown], Sequence[Shown]], *, folder: Path, schedule: Schedule = SCHEDULE
) -> onnx.ModelProto:
    """Train the teller and return it as an ONNX model; checkpoint and figures by kind go into `folder`.

    shown: frames to train on, rare kinds as often as others (see `evened`), and frames to check on.
    """
    torch.manual_seed(_SEED)
    log = folder / "surfaces.jsonl"

    def report(step: int, loss: float, now: nn.Module) -> None:
        line = {"step": step, "loss": round(loss, 4), "right_of": right_shares(now, shown[1])}
        with log.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(line) + "\n")

    checkpoint = folder / "surfaces.pt"
    trained(
        Teller(),
        lambda step: _batches(shown[0], step),
        loss_of=telling_loss,
        schedule=schedule,
        checkpoint=checkpoint,
        report=report,
    )
    return teller_from(checkpoint)


def teller_from(checkpoint: Path) -> onnx.ModelProto:
    """Return the teller with the averaged weights of a checkpoint."""
    network = Teller()
    network.load_state_dict(averaged_weights(checkpoint))
    return exported(network, checkpoint.with_suffix(".onnx"))


def evened(shown: Sequence[Shown]) -> list[Shown]:
    """Return the frames with those of rare kinds repeated, so that the commonest kind does not drown them."""
    counts = Counter(one.kind for one in shown)
    most = max(counts.values(), default=0)
    return [one for one in shown for _ in range(max(1, min(_REPEATED_MAX, round(most / counts[one.kind] / 2))))]


def exported(network: nn.Module, path: Path) -> onnx.ModelProto:
    """Return a network as an ONNX model for batches of one, with weights of 16 bits; path: written first."""
    width, height = VIEW_PIXELS
    torch.onnx.export(network.eval(), (torch.zeros(1, 3, height, width),), str(path), input_names=["x"], dynamo=False)
    return halved(onnx.load(str(path)))


def right_shares(network: nn.Module, shown: Sequence[Shown]) -> dict[str, tuple[int, int]]:
    """Return for each kind how many of the frames, of how many, were told right."""
    counts: dict[str, tuple[int, int]] = {}
    with torch.no_grad():
        for one in shown:
            view = view_of(one.picture, tuple((float(x), float(y)) for x, y in one.quad))
            best = int(network(torch.from_numpy(_stacked([view]))).argmax())
            right, of = counts.get(one.kind, (0, 0))
            counts[one.kind] = (right + (KINDS[best] == one.kind), of + 1)
    return counts


def _batches(shown: Sequence[Shown], step: int) -> Iterator[tuple[NDArray[np.float32], NDArray[np.int64]]]:
    while True:
        chances = default_rng((_SEED, step))
        views, kinds = zip(*(_view(shown, chances) for _ in range(_BATCH)), strict=True)
        yield _stacked(views), np.array([KINDS.index(kind) for kind in kinds])
        step += 1


def _view(shown: Sequence[Shown], chances: Generator) -> tuple[Pixels, str]:
    if len(shown) and chances.random() < _PHOTOGRAPHED_SHARE:
        one = shown[int(chances.integers(0, len(shown)))]
        picture, quad, kind = one.picture, one.quad, one.kind
    else:
        surface = str(chances.choice(list(_DRAWN_AS)))
        row = drawn(some_vin(chances), surface, chances, letter_pixels=_LETTER_PIXELS)
        picture, quad, kind = row.picture, row.quad, _DRAWN_AS[surface]
        wanted = _LETTER_PIXELS * float(chances.uniform(0.4, 1))
        picture = shrunk(picture, chances, letter_pixels=_LETTER_PIXELS, letter_pixels_wanted=wanted)
    moved = quad + chances.normal(0, 0.08 * float(np.linalg.norm(quad[3] - quad[0])), (4, 2))
    view = view_of(picture, tuple((float(x), float(y)) for x, y in moved))
    if chances.random() < 0.3:
        view = np.asarray(cv2.flip(view, 1), dtype=np.uint8)
    return weathered(view, chances, letter_pixels=16.0, harsh=0.4), kind


def telling_loss(network: nn.Module, batch: tuple[NDArray[np.float32], NDArray[np.int64]]) -> Tensor:
    """Return cross entropy, a little of each answer left to the other kinds."""
    views, kinds = batch
    return functional.cross_entropy(network(torch.from_numpy(views)), torch.from_numpy(kinds), label_smoothing=0.05)


def _stacked(views: Sequence[Pixels]) -> NDArray[np.float32]:
    return np.ascontiguousarray(np.stack(views).astype(np.float32).transpose(0, 3, 1, 2) / 127.5 - 1)
