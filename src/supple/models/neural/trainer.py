"""The training loop, for any network that maps positions to energies and forces.

The weights that count are a running average (EMA) of the trained ones: they are validated, kept when they are the best so far, and
returned. Everything the loop does at a step follows from the seed and the number of the step, or is in the checkpoint, so an
interrupted run resumes to the same bits.

If started by torchrun, the other processes take their share of the frames of each step, and keep the same weights.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, NamedTuple

from torch import Tensor, nn

from supple.models.neural.checkpoint import load_checkpoint, save_checkpoint
from supple.models.neural.labelled_frames import LabelledFrames
from supple.models.neural.network import runs_compiled
from supple.models.neural.options import TrainingOptions
from supple.models.neural.schedule import LoopState
from supple.models.neural.training_log import TrainingLog
from supple.models.neural.training_state import TrainingState
from supple.runtime import distributed
from supple.runtime.progress import Progress
from supple.runtime.run_directory import RunDirectory
from supple.runtime.signals import DeferredSignals
from supple.runtime.threads import single_threaded_libraries

#: Seconds between checkpoints.
_CHECKPOINT_EVERY = 20.0
#: Steps between reports of progress.
_REPORT_EVERY = 20


class Validation(NamedTuple):
    """The outcome of a validation.

    Attributes:
        loss: what is to be minimised.
        line: for people.
        record: for the log.
    """

    loss: float
    line: str
    record: dict[str, Any]


def train(
    network: nn.Module,
    data: LabelledFrames,
    validate: Callable[[nn.Module], Validation],
    keep: Callable[[nn.Module], None],
    options: TrainingOptions,
    seed: int,
    run: RunDirectory | None,
    progress: Progress,
) -> LoopState:
    """Train in place until all steps are done or validation no longer improves.

    Args:
        network: positions (B, N, 3) -> energies (B,), forces (B, N, 3).
        data: training frames.
        validate: validates a network.
        keep: called with the averaged network whenever it is the best so far.
        options: how to train.
        seed: of the order of the frames.
        run: for checkpoints and the log; None for neither.
        progress: receives reports of progress.

    Returns:
        The final state of the loop. `keep` has been called at least once, unless training diverged from the start.

    Raises:
        KeyboardInterrupt: passed on after a checkpoint has been written.
    """
    training = TrainingState(network, data, options, seed, progress.note)
    state = LoopState()
    if run is not None and run.checkpoint_file.exists():
        state = load_checkpoint(run.checkpoint_file, training)
        progress.note(f"Resuming from step {state.step} of {options.steps}.")
    log = TrainingLog(run, options.tensorboard, state.step)
    distributed.call_on_other_ranks(help_to_train, network, data, options, seed, training.arrays(), state.step)
    started, last_checkpoint = time.perf_counter() - state.seconds, time.perf_counter()

    def checkpoint() -> None:
        if run is not None:
            save_checkpoint(run.checkpoint_file, training, state)

    line, consistent = "", True
    try:
        with _single_threaded_libraries(network), DeferredSignals() as signals:
            while state.stop_reason(options) is None:
                signals.check()
                ahead = _steps_until_stop(state.step, training.max_steps(state.step), options)
                rates = [
                    distributed.broadcast_float(state.learning_rate(options, state.step + k)) for k in range(ahead)
                ]
                consistent = False
                loss = training.take_steps(state.step, rates)
                state.step += ahead
                consistent = True
                state.seconds = time.perf_counter() - started
                if state.step % options.validate_every == 0 or state.stop_reason(options):
                    validation = validate(training.average)
                    line, rate = validation.line, state.learning_rate(options, state.step)
                    if state.record_validation(validation.loss, options):
                        keep(training.average)
                    figures = {"seconds": round(state.seconds, 2), "loss": float(loss), "rate": rate}
                    log.write(state.step, figures | validation.record)
                if state.step % _REPORT_EVERY == 0 or state.step == options.steps:
                    progress.step("Training", state.step, options.steps, line)
                if time.perf_counter() - last_checkpoint > _CHECKPOINT_EVERY:
                    checkpoint()
                    last_checkpoint = time.perf_counter()
    except KeyboardInterrupt:
        if consistent:  # during a step, the weights do not belong to the number of steps
            checkpoint()
        raise
    finally:
        distributed.broadcast_float(math.nan)
        log.close()
    if state.step < options.steps and (reason := state.stop_reason(options)):
        progress.step("Training", options.steps, options.steps, line)
        progress.note(reason)
    checkpoint()
    return state


def help_to_train(
    network: nn.Module,
    data: LabelledFrames,
    options: TrainingOptions,
    seed: int,
    arrays: dict[str, Tensor],
    step: int,
) -> None:
    """What a helping process does while the leader trains: its frames of each step, until the learning rate is NaN."""
    training = TrainingState(network, data, options, seed, lambda sentence: None)
    training.restore(arrays)
    with _single_threaded_libraries(network):
        while not math.isnan(rate := distributed.broadcast_float(math.nan)):
            training.take_steps(step, [rate])
            step += 1


def _steps_until_stop(step: int, at_most: int, options: TrainingOptions) -> int:
    """How many steps to take before the next report or validation, or the end."""
    stops = (every - step % every for every in (_REPORT_EVERY, options.validate_every))
    return min(at_most, options.steps - step, *stops)


def _single_threaded_libraries(network: nn.Module) -> AbstractContextManager[None]:
    """Compiled loops have threads of their own."""
    return single_threaded_libraries() if runs_compiled(network) else nullcontext()
