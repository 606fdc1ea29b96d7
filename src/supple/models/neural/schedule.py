"""The learning rate of each step, the best validation so far, and when training stops."""

from __future__ import annotations

import math
from dataclasses import dataclass

from supple.models.neural.options import TrainingOptions
from supple.runtime.validation import Count, NonNegative, Positive

#: The learning rate ends at this fraction of its peak.
_FINAL_FRACTION = 0.01


@dataclass
class LoopState:
    """The numbers of the training loop; with weights and state of the optimiser, all that a checkpoint holds.

    Attributes:
        step: number of steps done.
        best, best_step: lowest validation loss, and the step that it was found at.
        seconds: time of training.
        factor: of the learning rate, as plateaus have left it.
        stalled_since: step of the last improvement, or of the last change of the factor.
    """

    step: Count = 0
    best: float = math.inf
    best_step: Count = 0
    seconds: NonNegative = 0.0
    factor: Positive = 1.0
    stalled_since: Count = 0

    def learning_rate(self, options: TrainingOptions, step: int) -> float:
        """Learning rate of a step: a linear warm-up, then half a cosine or a staircase down to a hundredth of the peak.

        A time limit shortens the cosine, so that the rate has decayed when the time is up.
        """
        if step < options.warmup:
            return options.learning_rate * (step + 1) / options.warmup
        if options.schedule == "plateau":
            return options.learning_rate * self.factor
        progress = (step - options.warmup) / max(options.steps - options.warmup, 1)
        if options.max_time is not None:
            progress = max(progress, self.seconds / (60 * options.max_time))
        decay = _FINAL_FRACTION + (1 - _FINAL_FRACTION) * 0.5 * (1 + math.cos(math.pi * min(progress, 1.0)))
        return options.learning_rate * decay

    def record_validation(self, loss: float, options: TrainingOptions) -> bool:
        """Record a validation loss; returns whether it is the lowest so far."""
        better = loss < self.best
        if better:
            self.best, self.best_step, self.stalled_since = loss, self.step, self.step
        elif self.step - self.stalled_since >= options.plateau * options.validate_every:
            self.factor, self.stalled_since = self.factor / 2, self.step
        return better

    def stop_reason(self, options: TrainingOptions) -> str | None:
        """Why training stops at this step, as a sentence; None if it continues."""
        if self.step >= options.steps:
            return f"Stopped after all {options.steps} steps."
        if options.max_time is not None and self.seconds >= 60 * options.max_time:
            return f"Stopped at step {self.step}: the time limit of {options.max_time:g} minutes was reached."
        if options.schedule == "plateau" and self.factor < _FINAL_FRACTION:
            return f"Stopped at step {self.step}: the learning rate has reached its lowest value."
        if self.step - self.best_step >= options.patience * options.validate_every:
            return f"Stopped at step {self.step}: no improvement since step {self.best_step}."
        return None
