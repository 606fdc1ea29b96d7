"""The fit of any network: from training and validation frames to the potential of the best validation error."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
from torch import nn

from supple.data.dataset import Dataset
from supple.errors import SettingsError
from supple.models.cost_estimate import PROCESS_BYTES, CostEstimate, fastest
from supple.models.device import choose_device
from supple.models.loading import load
from supple.models.neural.compiled.probe import compile_failure
from supple.models.neural.labelled_frames import LabelledFrames
from supple.models.neural.network import CompiledNetwork, use_compiled
from supple.models.neural.options import TrainingOptions
from supple.models.neural.potential import NetworkPotential
from supple.models.neural.trainer import Validation, train
from supple.models.neural.training_state import TrainingState
from supple.models.settings import FitContext, FitResult
from supple.molecule.connectivity import Connectivity
from supple.runtime.machine import peak_rss_bytes
from supple.runtime.rounding import rounded
from supple.runtime.threads import single_threaded_libraries

#: Number of frames with which a cost estimate is timed.
TIMED_FRAMES = 64

#: Makes the potential that training starts from: with random weights from scale and shift, or a copy of one that has its own.
MakePotential = Callable[[float, float], NetworkPotential]


def fit_network(
    name: str, make: MakePotential, options: TrainingOptions, train_set: Dataset, valid: Dataset, context: FitContext
) -> FitResult:
    """Train a network, and keep the weights of the lowest validation loss.

    Args:
        name: of the model, in messages.
        make: makes its potential.
        options: how to train.
        train_set, valid: training and validation frames.
        context: seed, run directory and progress.

    Raises:
        SettingsError: the device cannot be used, or the training diverged.
    """
    device = choose_device(options.device)
    context.progress.note(f"{name} is trained {device.description}.")
    assert train_set.forces is not None
    scale = float(train_set.forces.std())
    shift = float(np.nanmean(train_set.energies)) if train_set.has_energies else 0.0
    torch.manual_seed(context.seed)
    # Three of the same shape: one is trained, one keeps the best weights, one holds the averaged ones to validate them.
    trained, best_so_far, averaged = (make(scale, shift) for _ in range(3))
    scale, shift = float(trained.module.scale), float(trained.module.shift)
    for potential in (trained, best_so_far, averaged):
        potential.to(device.device)
    network = trained.network.train()
    if device.device.type == "cpu" and isinstance(network, CompiledNetwork) and (reason := compile_failure()):
        context.progress.note(
            f"Compiled loops are not available, which makes training about ten times slower: {reason}."
        )
    use_compiled(network, options.compile != "never")
    best = _BestPotential(best_so_far, train_set, valid, context)
    averaged.provenance = context.provenance

    def validate(average: nn.Module) -> Validation:
        averaged.network.load_state_dict(average.state_dict())
        return _validate(averaged, valid, options)

    data = _labelled(train_set, shift, scale, device.device)
    state = train(network, data, validate, best.keep, options, context.seed, context.run, context.progress)
    if state.best_step == 0:
        raise SettingsError("The training diverged: no validation error was finite. Use a lower learning_rate.")
    return FitResult(best.result(), notes=[f"Best of {state.step} steps at step {state.best_step}."])


def estimate_network_cost(
    potential: NetworkPotential, options: TrainingOptions, train_set: Dataset, valid: Dataset
) -> CostEstimate:
    """What `fit_network` will take on one core if it takes all its steps, from some steps and a validation timed now."""
    device = choose_device(options.device).device
    some = train_set.select(range(min(len(train_set), TIMED_FRAMES)))
    potential.to(device)
    network = potential.network.train()
    use_compiled(network, options.compile != "never")
    with single_threaded_libraries():
        training = TrainingState(network, _labelled(some, 0.0, 1.0, device), options, 0, lambda sentence: None)
        ahead = training.max_steps(0)
        step = fastest(lambda: training.take_steps(0, [0.0] * ahead)) / ahead
        timed = valid.positions[:TIMED_FRAMES]
        validation = fastest(lambda: potential.predict(timed)) * len(valid) / len(timed)
    expected = options.steps * step + options.steps / options.validate_every * validation
    at_most = math.inf if options.max_time is None else 60 * options.max_time
    n_bytes = PROCESS_BYTES + 4 * (train_set.positions.nbytes + valid.positions.nbytes)
    return CostEstimate(min(expected, at_most), n_bytes)


class _BestPotential:
    """The potential of the lowest validation loss so far, kept in the run directory as well."""

    def __init__(self, potential: NetworkPotential, train_set: Dataset, valid: Dataset, context: FitContext) -> None:
        self._potential, self._train_set, self._valid, self._context = potential, train_set, valid, context
        potential.provenance = context.provenance
        potential.connectivity = Connectivity.of(train_set.numbers, train_set.positions)

    def keep(self, network: nn.Module) -> None:
        """Take the weights of this network."""
        self._potential.network.load_state_dict(network.state_dict())
        refit_shift(self._potential, self._train_set)
        if self._context.run is not None:
            changes = {"validation": self._potential.evaluate(self._valid), "peak_rss_bytes": peak_rss_bytes()}
            self._potential.provenance = self._context.provenance.model_copy(update=changes)
            self._context.whole(self._potential).save(self._context.run.model_file)

    def result(self) -> NetworkPotential:
        """The best; of a resumed run it may stem from an earlier attempt."""
        if self._context.run is None:
            return self._potential
        best = self._context.own_part(load(self._context.run.model_file, self._potential.device))
        assert isinstance(best, NetworkPotential)
        return best


def _validate(potential: NetworkPotential, valid: Dataset, options: TrainingOptions) -> Validation:
    metrics, units = potential.evaluate(valid), valid.source.units
    scale = float(potential.module.scale)
    assert metrics.forces is not None
    loss = options.force_weight * (metrics.forces.rmse * units.forces_in_ev_per_angstrom / scale) ** 2
    line = f"forces {rounded(metrics.forces.rmse)} {units.forces}"
    if metrics.energy is not None:
        loss += options.energy_weight * (metrics.energy.rmse * units.energy_in_ev / scale) ** 2
        line += f", energy {rounded(metrics.energy.rmse)} {units.energy}"
    return Validation(loss, f"validation RMSE: {line}", metrics.to_dict())


def refit_shift(potential: NetworkPotential, train_set: Dataset) -> None:
    """Set the constant energy by least squares on the training frames, in float64."""
    if train_set.has_energies:
        with_energy = train_set.select(np.flatnonzero(np.isfinite(train_set.energies)))
        energies, _ = potential.predict(with_energy.positions)
        potential.module.shift += float((with_energy.energies - energies).mean())


def _labelled(frames: Dataset, shift: float, scale: float, device: torch.device) -> LabelledFrames:
    assert frames.forces is not None
    return LabelledFrames(
        positions=torch.tensor(frames.positions, dtype=torch.float32, device=device),
        energies=torch.tensor((frames.energies - shift) / scale, dtype=torch.float32, device=device),
        forces=torch.tensor(frames.forces / scale, dtype=torch.float32, device=device),
    )
