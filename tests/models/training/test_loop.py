from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from models.training import loop  # noqa: E402 - needs torch

SCHEDULE = loop.Schedule(steps=12, rate_max=0.05, rate_min=0.001, average_decay=0.9, checkpoint_steps=3)
Weights = dict[str, Any]


class CutOffError(Exception):
    """What ends a piece of work in the middle."""


def network() -> Any:
    torch.manual_seed(3)
    return torch.nn.Linear(4, 2)


def batches(step: int) -> Iterator[Any]:
    """Give each step its own batch, as the real ones do."""
    while True:
        torch.manual_seed(100 + step)
        yield torch.randn(8, 4), torch.randn(8, 2)
        step += 1


def squared(net: Any, batch: Any) -> Any:
    return ((net(batch[0]) - batch[1]) ** 2).mean()


def silent(step: int, loss: float, net: Any) -> None:
    del step, loss, net


def train(checkpoint: Path, schedule: loop.Schedule, loss_of: Callable[..., Any] = squared) -> tuple[Weights, Weights]:
    """Train a fresh network; return its own weights and the averaged ones."""
    net = network()
    averaged = loop.trained(net, batches, loss_of=loss_of, schedule=schedule, checkpoint=checkpoint, report=silent)
    return {name: value.detach() for name, value in net.named_parameters()}, averaged


def same(a: Weights, b: Weights) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def test_a_piece_that_is_cut_off_goes_on_to_the_same_weights(tmp_path: Path) -> None:
    whole = train(tmp_path / "whole.pt", SCHEDULE)
    calls = 0

    def cut_off(net: Any, batch: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 8:
            raise CutOffError
        return squared(net, batch)

    with pytest.raises(CutOffError):
        train(tmp_path / "parts.pt", SCHEDULE, cut_off)
    assert torch.load(tmp_path / "parts.pt", weights_only=True)["step"] == 6
    parts = train(tmp_path / "parts.pt", SCHEDULE)
    assert same(whole[0], parts[0])
    assert same(whole[1], parts[1])


def test_a_piece_that_stops_early_goes_on_to_the_same_weights(tmp_path: Path) -> None:
    whole = train(tmp_path / "whole.pt", SCHEDULE)
    train(tmp_path / "parts.pt", replace(SCHEDULE, stop_at=5))
    assert torch.load(tmp_path / "parts.pt", weights_only=True)["step"] == 5
    parts = train(tmp_path / "parts.pt", SCHEDULE)
    assert same(whole[0], parts[0])
    assert same(whole[1], parts[1])


def test_a_piece_cut_off_while_it_writes_leaves_the_old_checkpoint_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = train(tmp_path / "whole.pt", SCHEDULE)
    save = torch.save

    def cut_off(state: Any, path: Path) -> None:
        if state["step"] == 9:
            path.write_bytes(b"half of a checkpoint")
            raise CutOffError
        save(state, path)

    with monkeypatch.context() as patched:
        patched.setattr(torch, "save", cut_off)
        with pytest.raises(CutOffError):
            train(tmp_path / "parts.pt", SCHEDULE)
    assert same(whole[1], train(tmp_path / "parts.pt", SCHEDULE)[1])


def test_work_that_is_done_is_not_done_again(tmp_path: Path) -> None:
    done = train(tmp_path / "whole.pt", SCHEDULE)
    before = (tmp_path / "whole.pt").read_bytes()

    def never(net: Any, batch: Any) -> Any:
        raise CutOffError

    again = train(tmp_path / "whole.pt", SCHEDULE, never)
    assert same(done[0], again[0])
    assert same(done[1], again[1])
    assert (tmp_path / "whole.pt").read_bytes() == before


def test_reports_see_the_averaged_network_and_training_goes_on_with_its_own(tmp_path: Path) -> None:
    unseen = train(tmp_path / "unseen.pt", SCHEDULE)
    seen: list[tuple[int, float, Weights]] = []
    net = network()

    def report(step: int, loss: float, now: Any) -> None:
        weights = {name: value.detach().clone() for name, value in now.named_parameters()}
        seen.append((step, loss, weights))
        assert same(weights, loop.averaged_weights(tmp_path / "seen.pt"))

    averaged = loop.trained(
        net, batches, loss_of=squared, schedule=SCHEDULE, checkpoint=tmp_path / "seen.pt", report=report
    )
    assert [step for step, _, _ in seen] == [3, 6, 9, 12]
    assert all(loss > 0 for _, loss, _ in seen)
    assert same(seen[-1][2], averaged)
    assert same(unseen[0], dict(net.named_parameters()))
    assert not same(averaged, dict(net.named_parameters()))


def test_the_networks_own_weights_come_back_even_where_a_report_fails() -> None:
    net = network()
    own = {name: value.detach().clone() for name, value in net.named_parameters()}

    def fail() -> None:
        with loop.averaged_in(net, {name: value * 0 for name, value in own.items()}):
            assert net.weight.abs().max() == 0
            raise CutOffError

    with pytest.raises(CutOffError):
        fail()
    assert same(own, dict(net.named_parameters()))


def test_what_is_learnt_lowers_the_loss(tmp_path: Path) -> None:
    def size(net: Any, batch: Any) -> Any:
        return (net(batch[0]) ** 2).mean()

    net = network()
    before = float(size(net, next(batches(0))).detach())
    long = replace(SCHEDULE, steps=200, checkpoint_steps=200)
    loop.trained(net, batches, loss_of=size, schedule=long, checkpoint=tmp_path / "a.pt", report=silent)
    assert float(size(net, next(batches(0))).detach()) < before / 10


def test_the_rate_rises_for_a_hundred_steps_and_falls_to_its_least() -> None:
    schedule = loop.Schedule(steps=1_000, rate_max=1e-3, rate_min=1e-5)
    rates = [loop.rate_at(step, schedule) for step in range(1_001)]
    assert rates[0] == pytest.approx(1e-5)
    assert rates[99] == rates[100] == max(rates) == 1e-3
    assert rates[:100] == sorted(rates[:100])
    assert rates[100:] == sorted(rates[100:], reverse=True)
    assert rates[1_000] == pytest.approx(1e-5)


@given(steps=st.integers(1, 5_000), step=st.integers(0, 5_000))
def test_a_rate_is_never_above_its_most(steps: int, step: int) -> None:
    rate = loop.rate_at(min(step, steps), loop.Schedule(steps=steps, rate_max=1e-3, rate_min=1e-5))
    assert 0 < rate <= 1e-3
