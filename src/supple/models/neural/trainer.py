"""The training loop: any network that maps positions to energies and forces.

The weights that count are a running average (EMA) of those that are trained: they are validated, kept when they are the
best so far, and returned. Everything the loop does at step s follows from the seed and s, or stands in the checkpoint, so
an interrupted run goes on as if nothing had happened.

Started by torchrun, the other processes take their share of each step's frames, and keep the same weights.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from torch import Tensor, nn

from supple.models.neural.checkpoint import load_checkpoint, save_checkpoint
from supple.models.neural.loss import Labelled
from supple.models.neural.schedule import Plan, State
from supple.models.neural.training_log import Metrics
from supple.models.neural.training_state import Trained
from supple.runtime import distributed
from supple.runtime.progress import Progress
from supple.runtime.run_directory import RunDirectory
from supple.runtime.signals import DeferredSignals
from supple.runtime.threads import no_threads_below

#: Seconds between checkpoints.
_CHECKPOINT_EVERY = 20.0
#: Steps between reports of progress.
_SPEAK_EVERY = 20


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
    trained = Trained(network, data, plan, seed, progress.note)
    state = State()
    if run is not None and run.checkpoint_file.exists():
        state = State(**load_checkpoint(run.checkpoint_file, trained))
        progress.note(f"Going on from step {state.step} of {plan.steps}.")
    metrics = Metrics(run, plan.tensorboard, state.step)
    distributed.call_on_other_ranks(help_to_train, network, data, plan, seed, trained.arrays(), state.step)
    started, last_checkpoint = time.perf_counter() - state.seconds, time.perf_counter()

    def checkpoint() -> None:
        if run is not None:
            save_checkpoint(run.checkpoint_file, trained, vars(state))

    line, whole = "", True
    try:
        with _threads(network), DeferredSignals() as signals:
            while state.finished(plan) is None:
                signals.check()
                ahead = _until_stop(state.step, trained.at_once(state.step), plan)
                rates = [distributed.broadcast_float(state.rate(plan, state.step + k)) for k in range(ahead)]
                whole = False
                loss = trained.take(state.step, rates)
                state.step += ahead
                whole = True
                state.seconds = time.perf_counter() - started
                if state.step % plan.validate_every == 0 or state.finished(plan):
                    error, line, record = validate(trained.average)
                    rate = state.rate(plan, state.step)
                    if state.heard(error, plan):
                        keep(trained.average)
                    figures = {"seconds": round(state.seconds, 2), "loss": float(loss), "rate": rate}
                    metrics.write(state.step, figures | record)
                if state.step % _SPEAK_EVERY == 0 or state.step == plan.steps:
                    progress.step("Training", state.step, plan.steps, line)
                if time.perf_counter() - last_checkpoint > _CHECKPOINT_EVERY:
                    checkpoint()
                    last_checkpoint = time.perf_counter()
    except KeyboardInterrupt:
        if whole:  # within a step, weights and their number do not belong together
            checkpoint()
        raise
    finally:
        distributed.broadcast_float(math.nan)
        metrics.close()
    if state.step < plan.steps and (reason := state.finished(plan)):
        progress.step("Training", plan.steps, plan.steps, line)
        progress.note(reason)
    checkpoint()
    return state


def help_to_train(
    network: nn.Module, data: Labelled, plan: Plan, seed: int, arrays: dict[str, Tensor], step: int
) -> None:
    """What a helping process does while the leader trains: its frames of each step, until there is no rate."""
    trained = Trained(network, data, plan, seed, lambda sentence: None)
    trained.restore(arrays)
    with _threads(network):
        while not math.isnan(rate := distributed.broadcast_float(math.nan)):
            trained.take(step, [rate])
            step += 1


def _until_stop(step: int, at_most: int, plan: Plan) -> int:
    """How many steps there are before something is to be said or validated, or all are done."""
    return min(at_most, plan.steps - step, *(every - step % every for every in (_SPEAK_EVERY, plan.validate_every)))


def _threads(network: nn.Module) -> AbstractContextManager[None]:
    return no_threads_below() if getattr(network, "runs_in_loops", False) else nullcontext()
