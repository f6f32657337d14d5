import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnx")

from models.surfaces import KINDS, SurfaceTeller  # noqa: E402 - needs torch
from models.training import surface_training as room  # noqa: E402 - needs torch
from models.training.loop import Schedule  # noqa: E402 - needs torch
from models.training.pictures.drawn import Corners  # noqa: E402 - needs torch
from models.training.surface_training import Shown, Teller, evened  # noqa: E402 - needs torch
from models.weights import OnnxNetwork  # noqa: E402 - needs torch

Module: Any = torch.nn.Module
# The way of writing ONNX that needs no further package says that it grows old.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")


class Tells(Module):  # type: ignore[misc]
    """A network that tells one kind, whatever it sees."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.scores = torch.tensor([[5.0 if one == kind else 0.0 for one in KINDS]])

    def forward(self, batch: Any) -> Any:
        return self.scores.expand(len(batch), -1)


@pytest.fixture
def shown(bar_frame: tuple[Any, Corners]) -> Shown:
    return Shown(bar_frame[0], bar_frame[1], "sticker")


def test_rare_kinds_are_repeated_and_common_ones_are_not(shown: Shown) -> None:
    def of(kind: str, count: int) -> list[Shown]:
        return [Shown(shown.picture, shown.quad, kind)] * count

    kinds = [
        one.kind for one in evened([*of("sticker", 40), *of("plate", 10), *of("stamped", 2), *of("windshield", 30)])
    ]
    counts = {kind: kinds.count(kind) for kind in set(kinds)}
    assert counts == {"sticker": 40, "plate": 20, "stamped": 12, "windshield": 30}
    assert evened([]) == []


def test_right_answers_are_counted_by_kind(shown: Shown) -> None:
    plate = Shown(shown.picture, shown.quad, "plate")
    assert room.right_shares(Tells("plate"), [shown, plate, plate]) == {"sticker": (0, 1), "plate": (2, 2)}


def test_a_step_always_has_the_same_views(shown: Shown) -> None:
    first, second = room._batches([shown], 3), room._batches([shown], 4)
    next(first)
    (once, kinds), (again, kinds_again) = next(first), next(second)
    assert once.shape == (48, 3, 48, 192)
    assert np.array_equal(once, again)
    assert np.array_equal(kinds, kinds_again)
    assert set(kinds.tolist()) <= set(range(len(KINDS)))


def test_the_loss_is_smallest_for_the_right_kind(shown: Shown) -> None:
    batch = (next(room._batches([shown], 0))[0][:1], np.array([KINDS.index("plate")]))
    right, wrong = (float(room.telling_loss(Tells(kind), batch)) for kind in ("plate", "rubbing"))
    assert right < 0.6 < wrong


def test_a_teller_in_onnx_scores_as_it_does_here(tmp_path: Path) -> None:
    torch.manual_seed(1)
    teller = Teller()
    batch = np.random.default_rng(1).uniform(-1, 1, (1, 3, 48, 192)).astype(np.float32)
    with torch.no_grad():
        expected = teller(torch.from_numpy(batch)).numpy()
    content = room.exported(teller, tmp_path / "teller.onnx").SerializeToString()
    assert expected.shape == (1, len(KINDS))
    assert OnnxNetwork(content, threads=1).run(batch) == pytest.approx(expected, abs=5e-3)
    assert len(content) < 600_000


def test_a_teller_is_trained_checked_and_loaded_by_the_product(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shown: Shown
) -> None:
    monkeypatch.setattr(room, "_BATCH", 2)
    schedule = Schedule(steps=2, rate_max=1e-3, rate_min=1e-3, checkpoint_steps=2)
    trained = room.teller_trained(([shown], [shown]), folder=tmp_path, schedule=schedule)
    (line,) = (tmp_path / "surfaces.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["right_of"]["sticker"][1] == 1
    quad = tuple((float(x), float(y)) for x, y in shown.quad)
    teller = SurfaceTeller(OnnxNetwork(trained.SerializeToString(), threads=1))
    assert teller.kind_of(shown.picture, quad) in {*KINDS, "unknown"}
    again = OnnxNetwork(room.teller_from(tmp_path / "surfaces.pt").SerializeToString(), threads=1)
    batch = np.zeros((1, 3, 48, 192), dtype=np.float32)
    assert np.array_equal(again.run(batch), OnnxNetwork(trained.SerializeToString(), threads=1).run(batch))
