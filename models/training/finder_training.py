"""Fine-tunes the finder: PP-OCRv6's small detector, taught to mark VINs alone instead of all text."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.random import default_rng
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, IterableDataset

from models.training.graph import OnnxGraph, halved, scores_of, with_weights
from models.training.loop import Schedule, averaged_weights, trained
from models.training.pictures.scenes import Framed, Scene, some_scene

_BATCH_SCENES = 8
_CHECKED_SCENES = 96
_SEED_CHECKED = 123_456_789
_HARD_NEGATIVES = 3
_HARD_NEGATIVES_MIN = 400
_OVERLAP_MIN = 0.5
SCHEDULE = Schedule(steps=2200, rate_max=3e-4, rate_min=1e-5)


class SceneBatches(IterableDataset[tuple[NDArray[np.float32], NDArray[np.float32]]]):
    """Endless batches of scenes; each step has its own seed."""

    def __init__(self, frames: Sequence[Framed], *, step: int) -> None:
        self._frames = frames
        self._step = step

    def __iter__(self) -> Iterator[tuple[NDArray[np.float32], NDArray[np.float32]]]:
        step = self._step
        while True:
            chances = default_rng((20_262, step))
            yield batch_of([some_scene(self._frames, chances) for _ in range(_BATCH_SCENES)])
            step += 1


def batch_of(scenes: Sequence[Scene]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return scenes as the network wants them, (N, 3, 320, 320) from -1 to 1, and their cores (N, 320, 320)."""
    pictures = np.stack([scene.picture for scene in scenes]).astype(np.float32).transpose(0, 3, 1, 2) / 127.5 - 1
    return np.ascontiguousarray(pictures), np.stack([scene.core for scene in scenes]).astype(np.float32)


def finder_trained(
    model: onnx.ModelProto,
    frames: tuple[Sequence[Framed], Sequence[Framed]],
    *,
    folder: Path,
    schedule: Schedule = SCHEDULE,
) -> onnx.ModelProto:
    """Train the detector and return it; frames: those to train on, and others to check on."""
    chances = default_rng(_SEED_CHECKED)
    checked = [some_scene(frames[1], chances) for _ in range(_CHECKED_SCENES)]
    log = folder / "finder.jsonl"

    def report(step: int, loss: float, now: nn.Module) -> None:
        line = {"step": step, "loss": round(loss, 4), "found": round(found_share(now, checked), 4)}
        with log.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(line) + "\n")

    checkpoint = folder / "finder.pt"
    trained(
        OnnxGraph(model, output=scores_of(model)),
        lambda step: _loaded(frames[0], step),
        loss_of=marking_loss,
        schedule=schedule,
        checkpoint=checkpoint,
        report=report,
    )
    return finder_from(model, checkpoint)


def finder_from(model: onnx.ModelProto, checkpoint: Path) -> onnx.ModelProto:
    """Return the detector with the averaged weights of a checkpoint, stored with 16 bits."""
    network = OnnxGraph(model)
    network.load_state_dict(averaged_weights(checkpoint), strict=False)
    return halved(with_weights(model, network.weights()))


def found_share(network: nn.Module, scenes: Sequence[Scene]) -> float:
    """Return the share of scenes whose marks overlap the core by half (intersection over union)."""
    found = 0
    with torch.no_grad():
        for at in range(0, len(scenes), _BATCH_SCENES):
            pictures, cores = batch_of(scenes[at : at + _BATCH_SCENES])
            marks = (network(torch.from_numpy(pictures))[:, 0] > 0).numpy()
            both = (marks & (cores > 0)).sum(axis=(1, 2))
            either = (marks | (cores > 0)).sum(axis=(1, 2))
            found += int((both >= _OVERLAP_MIN * either).sum())
    return found / max(1, len(scenes))


def marking_loss(network: nn.Module, batch: tuple[Any, Any]) -> Tensor:
    """Return cross entropy over the cores and the hardest of the rest, and the dice loss over all."""
    pictures, cores = (torch.as_tensor(part) for part in batch)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        scores = network(pictures.to(memory_format=torch.channels_last))
    scores = scores[:, 0].float()
    losses = functional.binary_cross_entropy_with_logits(scores, cores, reduction="none")
    positives = losses[cores > 0]
    negatives = losses[cores <= 0]
    count = min(len(negatives), max(_HARD_NEGATIVES * len(positives), _HARD_NEGATIVES_MIN * len(cores)))
    hardest = torch.topk(negatives, count).values
    crossed = (positives.sum() + hardest.sum()) / max(1, len(positives) + count)
    marks = torch.sigmoid(scores)
    dice = 1 - (2 * (marks * cores).sum() + 1) / (marks.sum() + cores.sum() + 1)
    return crossed + dice


def _loaded(frames: Sequence[Framed], step: int) -> Iterator[Any]:
    return iter(DataLoader(SceneBatches(frames, step=step), batch_size=None, num_workers=1, prefetch_factor=4))
