import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.random import default_rng

torch = pytest.importorskip("torch")
onnx = pytest.importorskip("onnx")

from models.training import finder_training as room  # noqa: E402 - needs torch
from models.training.loop import Schedule  # noqa: E402 - needs torch
from models.training.pictures.drawn import Corners  # noqa: E402 - needs torch
from models.training.pictures.scenes import SIDE_PIXELS, Framed, Scene  # noqa: E402 - needs torch
from models.weights import OnnxNetwork  # noqa: E402 - needs torch

Module: Any = torch.nn.Module


def stock() -> Any:
    """A detector like the stock one, far smaller: one filter of one pixel."""
    node, tensor = onnx.helper.make_node, onnx.numpy_helper.from_array
    info = onnx.helper.make_tensor_value_info
    graph = onnx.helper.make_graph(
        [
            node("Conv", ["x", "w", "b"], ["scores"], kernel_shape=[1, 1]),
            node("Sigmoid", ["scores"], ["y"]),
        ],
        "stock",
        [info("x", onnx.TensorProto.FLOAT, ["N", 3, "H", "W"])],
        [info("y", onnx.TensorProto.FLOAT, ["N", 1, "H", "W"])],
        [
            tensor(np.full((1, 3, 1, 1), 0.1, dtype=np.float32), "w"),
            tensor(np.zeros(2, dtype=np.float32)[:1], "b"),
        ],
    )
    return onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 11)], ir_version=7)


class Marks(Module):  # type: ignore[misc]
    """A network that marks what is bright, as surely as it is told to."""

    def __init__(self, gain: float) -> None:
        super().__init__()
        self.gain = torch.nn.Parameter(torch.tensor([gain]))

    def forward(self, batch: Any) -> Any:
        return (batch.mean(dim=1, keepdim=True) - 0.5) * self.gain


def scene(*, marked: bool = True) -> Scene:
    """A dark picture with a white bar, which is the core."""
    picture, core = np.zeros((SIDE_PIXELS, SIDE_PIXELS, 3), dtype=np.uint8), np.zeros((SIDE_PIXELS,) * 2, np.uint8)
    if marked:
        picture[100:110, 40:280], core[100:110, 40:280] = 255, 1
    return Scene(picture=picture, core=core)


@pytest.fixture
def framed(bar_frame: tuple[Any, Corners]) -> Framed:
    return Framed(picture=bar_frame[0], quad=bar_frame[1])


def test_a_batch_holds_pictures_colours_first_and_their_cores() -> None:
    pictures, cores = room.batch_of([scene(), scene(marked=False)])
    assert pictures.shape == (2, 3, SIDE_PIXELS, SIDE_PIXELS)
    assert cores.shape == (2, SIDE_PIXELS, SIDE_PIXELS)
    assert (pictures.min(), pictures.max()) == (-1, 1)
    assert cores.sum() == 10 * 240


def test_a_vin_is_found_where_the_marks_overlap_its_core_by_half() -> None:
    scenes = [scene() for _ in range(10)]
    assert room.found_share(Marks(1.0), scenes) == 1.0
    assert room.found_share(Marks(-1.0), scenes) == 0.0
    assert room.found_share(Marks(1.0), []) == 0.0


def test_a_scene_without_a_vin_is_right_where_nothing_is_marked() -> None:
    bare = [scene(marked=False)]
    assert room.found_share(Marks(1.0), bare) == 1.0
    assert room.found_share(Marks(-1.0), bare) == 0.0


def test_the_loss_is_small_where_the_marks_are_right_and_large_where_they_are_not() -> None:
    batch = room.batch_of([scene(), scene()])
    right, none, wrong = (float(room.marking_loss(Marks(gain), batch).detach()) for gain in (20.0, 0.0, -20.0))
    assert right < 0.05 < none < wrong


def test_the_hardest_of_the_rest_count_even_where_there_is_no_vin() -> None:
    batch = room.batch_of([scene(marked=False)])
    network = Marks(-20.0)
    loss = room.marking_loss(network, batch)
    loss.backward()
    assert float(loss.detach()) > 5.0
    assert network.gain.grad is not None
    assert bool(torch.isfinite(network.gain.grad).all())


def test_a_step_always_has_the_same_scenes(framed: Framed) -> None:
    source = iter(room.SceneBatches([framed], step=3))
    next(source)
    second = next(source)
    (again, _) = next(iter(room.SceneBatches([framed], step=4)))
    assert np.array_equal(second[0], again)


def test_a_finder_is_trained_checked_and_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, framed: Framed
) -> None:
    def one_process(frames: Any, step: int) -> Iterator[Any]:
        return iter(room.SceneBatches(frames, step=step))

    monkeypatch.setattr(room, "_loaded", one_process)
    monkeypatch.setattr(room, "_BATCH_SCENES", 2)
    monkeypatch.setattr(room, "_CHECKED_SCENES", 2)
    schedule = Schedule(steps=2, rate_max=0.1, rate_min=0.1, checkpoint_steps=1)
    trained = room.finder_trained(stock(), ([framed], [framed]), folder=tmp_path, schedule=schedule)
    lines = [json.loads(line) for line in (tmp_path / "finder.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [set(line) for line in lines] == [{"step", "loss", "found"}] * 2
    assert trained == room.finder_from(stock(), tmp_path / "finder.pt")
    picture = default_rng(1).random((1, 3, 64, 96)).astype(np.float32)
    before, after = (OnnxNetwork(one.SerializeToString(), threads=1).run(picture) for one in (stock(), trained))
    assert after.shape == (1, 1, 64, 96)
    assert not np.allclose(before, after, atol=1e-5)
