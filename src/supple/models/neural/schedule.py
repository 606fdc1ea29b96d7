"""How long and how fast a network is trained."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from supple.models.neural.backend import Choice
from supple.models.neural.optimiser import Optimiser

Schedule = Literal["cosine", "plateau"]
#: The learning rate ends at this part of its highest value.
_LAST = 0.01


@dataclass(frozen=True)
class Plan:
    """The settings of the same names are described with the model."""

    steps: int
    batch_size: int
    optimiser: Optimiser
    learning_rate: float
    schedule: Schedule
    plateau: int
    warmup: int
    weight_decay: float
    ema_decay: float
    energy_weight: float
    force_weight: float
    clip: float
    validate_every: int
    patience: int
    max_time: float | None
    compile: Choice
    tensorboard: bool


@dataclass
class State:
    """The loop's own numbers; with weights and optimiser state, all that a checkpoint holds.

    Attributes:
        step: steps done.
        best, best_step: lowest validation loss, and where.
        seconds: of training.
        factor: of the learning rate, as plateaus have left it.
        stalled_since: step of the last improvement or of the last fall of the factor.
    """

    step: int = 0
    best: float = math.inf
    best_step: int = 0
    seconds: float = 0.0
    factor: float = 1.0
    stalled_since: int = 0

    def rate(self, plan: Plan, step: int) -> float:
        """Learning rate of a step that comes soon: a linear warm-up, then half a cosine or a staircase down to a hundredth.

        A time limit shortens the cosine, so that the rate has fallen when the time is over.
        """
        if step < plan.warmup:
            return plan.learning_rate * (step + 1) / plan.warmup
        if plan.schedule == "plateau":
            return plan.learning_rate * self.factor
        through = (step - plan.warmup) / max(plan.steps - plan.warmup, 1)
        if plan.max_time is not None:
            through = max(through, self.seconds / (60 * plan.max_time))
        return plan.learning_rate * (_LAST + (1 - _LAST) * 0.5 * (1 + math.cos(math.pi * min(through, 1.0))))

    def heard(self, error: float, plan: Plan) -> bool:
        """Take note of a validation; returns whether it is the best so far."""
        better = error < self.best
        if better:
            self.best, self.best_step, self.stalled_since = error, self.step, self.step
        elif self.step - self.stalled_since >= plan.plateau * plan.validate_every:
            self.factor, self.stalled_since = self.factor / 2, self.step
        return better

    def finished(self, plan: Plan) -> str | None:
        """Why training ends here, as a sentence; None while it goes on."""
        if self.step >= plan.steps:
            return f"All {plan.steps} steps are done."
        if plan.max_time is not None and self.seconds >= 60 * plan.max_time:
            return f"Stopped at step {self.step}: the {plan.max_time:g} minutes are over."
        if plan.schedule == "plateau" and self.factor < _LAST:
            return f"Stopped at step {self.step}: the learning rate has fallen to its end."
        if self.step - self.best_step >= plan.patience * plan.validate_every:
            return f"Stopped at step {self.step}: no better since step {self.best_step}."
        return None
