"""The training loop: one piece of work that may be cut off at any moment and goes on where its last checkpoint stands.

It knows optimiser, learning rate, averaged weights and checkpoints. What is learnt from what is the caller's business.
"""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

_WARM_UP_STEPS = 100
_GRADIENT_NORM_MAX = 2.0

Loss = Callable[[nn.Module, Any], Tensor]
Report = Callable[[int, float, nn.Module], None]


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """How long and how fast: rates are of AdamW; the rate rises over 100 steps and falls along half a cosine.

    stop_at: the step at which this piece of the work ends, where it is not the last; another goes on from there.
    """

    steps: int
    rate_max: float
    rate_min: float
    weight_decay: float = 0.01
    average_decay: float = 0.998
    checkpoint_steps: int = 200
    stop_at: int | None = None


def trained(
    network: nn.Module,
    batches: Callable[[int], Iterator[Any]],
    *,
    loss_of: Loss,
    schedule: Schedule,
    checkpoint: Path,
    report: Report,
) -> dict[str, Tensor]:
    """Train to the schedule's end, from the checkpoint where there is one; return the averaged weights.

    batches: takes the step to start from. report: called at each checkpoint with step, mean loss and averaged network.
    """
    run = _Run(network, schedule)
    run.resume(checkpoint)
    last = schedule.steps if schedule.stop_at is None else schedule.stop_at
    if run.step >= last:
        return run.averaged
    losses: list[float] = []
    source = batches(run.step)
    while run.step < last:
        losses.append(run.learn(loss_of, next(source)))
        if run.step % schedule.checkpoint_steps == 0 or run.step == last:
            run.save(checkpoint)
            with averaged_in(network, run.averaged):
                report(run.step, sum(losses) / len(losses), network)
            losses.clear()
    return run.averaged


def rate_at(step: int, schedule: Schedule) -> float:
    """Return the learning rate of a step."""
    if step < _WARM_UP_STEPS:
        return schedule.rate_max * (step + 1) / _WARM_UP_STEPS
    share = (step - _WARM_UP_STEPS) / max(1, schedule.steps - _WARM_UP_STEPS)
    return schedule.rate_min + (schedule.rate_max - schedule.rate_min) * (1 + math.cos(math.pi * share)) / 2


def averaged_weights(checkpoint: Path) -> dict[str, Tensor]:
    """Return the averaged weights of a checkpoint, by the name of the module's parameter."""
    return dict(torch.load(checkpoint, weights_only=True)["averaged"])


@contextmanager
def averaged_in(network: nn.Module, averaged: dict[str, Tensor]) -> Iterator[None]:
    """Put averaged weights into the network for a while; its own come back whatever happens meanwhile."""
    own = {name: value.detach().clone() for name, value in network.named_parameters()}
    _put(averaged, network)
    try:
        yield
    finally:
        _put(own, network)


class _Run:
    """The state of one training: what a checkpoint holds."""

    def __init__(self, network: nn.Module, schedule: Schedule) -> None:
        self._network = network
        self._schedule = schedule
        self._optimiser = torch.optim.AdamW(
            network.parameters(), lr=schedule.rate_max, weight_decay=schedule.weight_decay
        )
        self.averaged = {name: value.detach().clone() for name, value in network.named_parameters()}
        self.step = 0

    def learn(self, loss_of: Loss, batch: Any) -> float:
        """Take one step and return its loss."""
        for group in self._optimiser.param_groups:
            group["lr"] = rate_at(self.step, self._schedule)
        self._optimiser.zero_grad(set_to_none=True)
        loss = loss_of(self._network, batch)
        loss.backward()
        nn.utils.clip_grad_norm_(self._network.parameters(), _GRADIENT_NORM_MAX)
        self._optimiser.step()
        self.step += 1
        # Early on the average would lag far behind: it then spans fewer steps.
        decay = min(self._schedule.average_decay, (1 + self.step) / (10 + self.step))
        for name, value in self._network.named_parameters():
            self.averaged[name].lerp_(value.detach(), 1 - decay)
        return float(loss.detach())

    def save(self, checkpoint: Path) -> None:
        """Write beside the old checkpoint first: a piece cut off while writing leaves the old one whole."""
        new = checkpoint.with_suffix(".new")
        state = {
            "step": self.step,
            "weights": dict(self._network.named_parameters()),
            "optimiser": self._optimiser.state_dict(),
            "averaged": self.averaged,
        }
        torch.save(state, new)
        new.replace(checkpoint)

    def resume(self, checkpoint: Path) -> None:
        """Take over what a checkpoint holds, where there is one."""
        if not checkpoint.is_file():
            return
        state = torch.load(checkpoint, weights_only=True)
        _put(state["weights"], self._network)
        for name, value in self.averaged.items():
            value.copy_(state["averaged"][name])
        self._optimiser.load_state_dict(state["optimiser"])
        self.step = int(state["step"])


def _put(weights: dict[str, Tensor], network: nn.Module) -> None:
    with torch.no_grad():
        for name, value in network.named_parameters():
            value.copy_(weights[name])
