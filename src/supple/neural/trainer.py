"""The training loop: any network that maps positions to energies and forces.

    loss = w_E mean (E - E*)² + w_F mean (F - F*)² ,   labels divided by the spread of the forces

The weights that count are a running average (EMA) of those that are trained: they are validated, kept when they are the
best so far, and returned. Everything the loop does at step s follows from the seed and s, or stands in the checkpoint, so
an interrupted run goes on as if nothing had happened.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from supple.neural.checkpoint import load_checkpoint, save_checkpoint
from supple.neural.compiling import Choice, maybe_compile
from supple.progress import Progress
from supple.run import RunDirectory

#: Seconds between checkpoints.
_CHECKPOINT_EVERY = 20.0


@dataclass(frozen=True)
class Labelled:
    """Frames with labels in the network's units, on its device: positions (M, N, 3), energies (M,), forces (M, N, 3).

    An energy that is not known is NaN; it has no part in the loss.
    """

    positions: Tensor
    energies: Tensor
    forces: Tensor


@dataclass(frozen=True)
class Plan:
    """How long and how fast to train; the settings of the same names are described with the model."""

    steps: int
    batch_size: int
    learning_rate: float
    warmup: int
    weight_decay: float
    ema_decay: float
    energy_weight: float
    force_weight: float
    clip: float
    validate_every: int
    patience: int
    compile: Choice

    def rate(self, step: int) -> float:
        """Learning rate: linear warm-up, then half a cosine down to a hundredth."""
        if step < self.warmup:
            return self.learning_rate * (step + 1) / self.warmup
        through = (step - self.warmup) / max(self.steps - self.warmup, 1)
        return self.learning_rate * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * through)))


@dataclass
class State:
    """The loop's own numbers; with weights and optimiser state, all that a checkpoint holds."""

    step: int = 0
    best: float = math.inf
    best_step: int = 0
    seconds: float = 0.0


def train(
    network: nn.Module,
    data: Labelled,
    validate: Callable[[nn.Module], tuple[float, str, dict[str, object]]],
    keep: Callable[[nn.Module], None],
    plan: Plan,
    seed: int,
    run: RunDirectory | None,
    progress: Progress,
) -> State:
    """Train in place until the steps are done or validation no longer improves.

    Args:
        network: positions (B, N, 3) -> energies (B,), forces (B, N, 3).
        data: training frames.
        validate: the validation loss of a network, a line for people, and a record for the log.
        keep: called with the averaged network whenever it is the best so far.
        plan: how.
        seed: of the order of the frames.
        run: where checkpoints and the log go.
        progress: listens.

    Returns:
        The final state. `keep` has been called at least once.

    Raises:
        KeyboardInterrupt: passed on after a checkpoint has been written.
    """
    parameters = list(network.parameters())
    optimiser = torch.optim.AdamW(parameters, lr=plan.learning_rate, weight_decay=plan.weight_decay, fused=True)
    average = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(plan.ema_decay))
    average.update_parameters(network)  # the first call copies; later ones average
    state = State()
    if run is not None and run.checkpoint_file.exists():
        state = State(**load_checkpoint(run.checkpoint_file, network, average.module, optimiser))
        progress.note(f"Going on from step {state.step} of {plan.steps}.")

    loss_function = maybe_compile(_loss(network, plan), plan.compile, plan.steps, progress.note)
    batch_size = min(plan.batch_size, len(data.positions))
    batches = _batches(len(data.positions), batch_size, seed, state.step)
    started, last_checkpoint = time.perf_counter() - state.seconds, time.perf_counter()

    def checkpoint() -> None:
        state.seconds = time.perf_counter() - started
        if run is not None:
            save_checkpoint(run.checkpoint_file, network, average.module, optimiser, vars(state))

    line = ""
    try:
        while state.step < plan.steps and state.step - state.best_step < plan.patience * plan.validate_every:
            rows = next(batches).to(data.positions.device)
            optimiser.param_groups[0]["lr"] = plan.rate(state.step)
            optimiser.zero_grad()
            loss = loss_function(data.positions[rows], data.energies[rows], data.forces[rows])
            loss.backward()
            nn.utils.clip_grad_norm_(parameters, plan.clip)
            optimiser.step()
            average.update_parameters(network)
            state.step += 1
            if state.step % plan.validate_every == 0 or state.step == plan.steps:
                error, line, record = validate(average.module)
                if error < state.best:
                    state.best, state.best_step = error, state.step
                    keep(average.module)
                if run is not None:
                    elapsed = time.perf_counter() - started
                    run.log({"step": state.step, "seconds": round(elapsed, 2), "loss": float(loss.detach()), **record})
            if state.step % 20 == 0 or state.step == plan.steps:
                progress.step("Training", state.step, plan.steps, line)
            if time.perf_counter() - last_checkpoint > _CHECKPOINT_EVERY:
                checkpoint()
                last_checkpoint = time.perf_counter()
    except KeyboardInterrupt:
        checkpoint()
        raise
    if state.step < plan.steps:
        progress.step("Training", plan.steps, plan.steps, line)
        progress.note(f"Stopped at step {state.step}: no better since step {state.best_step}.")
    checkpoint()
    return state


def _loss(network: nn.Module, plan: Plan) -> Callable[[Tensor, Tensor, Tensor], Tensor]:
    def loss(
        positions: Float[Tensor, "B N 3"], energies: Float[Tensor, "B"], forces: Float[Tensor, "B N 3"]
    ) -> Float[Tensor, ""]:
        e, f = network(positions)
        known = energies.isfinite()
        off = torch.where(known, e - energies, 0.0)
        energy_loss = (off**2).sum() / known.sum().clamp(min=1)
        return plan.energy_weight * energy_loss + plan.force_weight * ((f - forces) ** 2).mean()

    return loss


def _batches(n_frames: int, size: int, seed: int, start: int) -> Iterator[Tensor]:
    """Frames of each step from step `start` on: every epoch a new order, drawn from the seed and its number.

    An incomplete last batch is left out, so that all have the same shape; its frames have their turn in other epochs.
    """
    per_epoch = n_frames // size
    epoch, within = divmod(start, per_epoch)
    while True:
        order = torch.from_numpy(np.random.default_rng([seed, epoch]).permutation(n_frames))
        for i in range(within, per_epoch):
            yield order[i * size : (i + 1) * size]
        epoch, within = epoch + 1, 0
