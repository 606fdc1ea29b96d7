"""SchNet: the settings of the neural model, and how it is fitted."""

from __future__ import annotations

import math
from typing import Any, ClassVar, Literal

import numpy as np
import torch
from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt
from scipy.spatial.distance import pdist
from torch import nn

from supple.data.dataset import Dataset
from supple.errors import SettingsError
from supple.models.cost_estimate import PROCESS, Forecast, shortest
from supple.models.loading import load
from supple.models.neural.backend import Choice
from supple.models.neural.compiled.probe import why_not
from supple.models.neural.loss import Labelled
from supple.models.neural.optimiser import Optimiser
from supple.models.neural.potential import SchNetPotential
from supple.models.neural.schedule import Plan, Schedule, State
from supple.models.neural.trainer import train
from supple.models.neural.training_state import Trained
from supple.models.potential import Potential
from supple.models.search_space import Interval, OneOf, Range
from supple.models.settings import FitContext, ModelSettings
from supple.runtime.machine import peak_rss_bytes
from supple.runtime.threads import no_threads_below

_GAUSSIANS_PER_ANGSTROM = 5
#: The forces are then within 1e-5 of those with filters evaluated for every pair.
_KNOTS_PER_GAUSSIAN = 16
#: Frames at most with which a forecast is timed.
_TIMED_FRAMES = 64


class SchNet(ModelSettings):
    """SchNet: a neural network with continuous-filter convolutions; one network gives energies and forces."""

    kind: ClassVar[str] = "schnet"
    citations: ClassVar[tuple[str, ...]] = ("schutt2017", "schutt2018")
    search_space: ClassVar[dict[str, Range]] = {
        "features": OneOf((32, 64, 96, 128)),
        "interactions": Interval(2, 6, whole=True),
        "cutoff": Interval(3.5, 8.0),
        "learning_rate": Interval(5e-4, 1e-2, log=True),
        "batch_size": OneOf((5, 10, 20)),
        "ema_decay": OneOf((0.99, 0.995, 0.999)),
    }
    trial_settings: ClassVar[dict[str, Any]] = {"steps": 5000, "validate_every": 250}

    features: PositiveInt = Field(64, description="Numbers that describe an atom; a multiple of 32 trains fastest.")
    interactions: PositiveInt = Field(4, description="Interaction blocks.")
    shared: bool = Field(False, description="One set of weights for all interaction blocks.")
    cutoff: PositiveFloat | Literal["none"] = Field(5.0, description="Å; pairs farther apart do not interact; or none.")
    gaussians: int | None = Field(
        None, ge=2, description="On [0, cutoff], for the filters; five for every Å if left out."
    )
    knots: int | None = Field(None, ge=32, description="Points of the filters' radial grid; 16 a Gaussian if left out.")
    steps: PositiveInt = Field(100_000, description="Optimisation steps at most, whatever the number of frames.")
    batch_size: PositiveInt = Field(10, description="Frames a step.")
    optimiser: Optimiser = Field("soap", description="SOAP (Adam in eigenbases of each matrix) or plain AdamW.")
    learning_rate: PositiveFloat = Field(3e-3, description="Highest learning rate.")
    schedule: Schedule = Field("cosine", description="The learning rate falls along a cosine, or halves at plateaus.")
    plateau: PositiveInt = Field(10, description="Validations without improvement that make a plateau.")
    warmup: NonNegativeInt = Field(200, description="Steps over which the learning rate rises to it.")
    weight_decay: NonNegativeFloat = Field(0.01, description="Of AdamW.")
    ema_decay: float = Field(0.995, ge=0, lt=1, description="Of the running average of the weights.")
    energy_weight: NonNegativeFloat = Field(0.01, description="Of the squared energy error in the loss.")
    force_weight: NonNegativeFloat = Field(0.99, description="Of the squared force error in the loss.")
    clip: PositiveFloat = Field(10.0, description="Largest norm of the gradient.")
    validate_every: PositiveInt = Field(1000, description="Steps between validations.")
    patience: PositiveInt = Field(40, description="Validations without improvement after which training stops.")
    max_time: PositiveFloat | None = Field(None, description="Minutes of training at most; the cosine ends with them.")
    compile: Choice = Field("auto", description="Compile the training step: always, never, or when it pays.")
    tensorboard: bool = Field(False, description="Also write the metrics for TensorBoard (extra tensorboard).")
    device: str = Field("auto", description="'cpu', 'cuda', or 'auto': a GPU where there is one.")

    def _fit(self, train_set: Dataset, valid: Dataset, context: FitContext) -> Potential:
        device, sentence = _device(self.device)
        context.progress.note(sentence)
        if device.type == "cpu" and (reason := why_not()):
            context.progress.note(f"Loops cannot be compiled here, so that it takes some ten times longer: {reason}.")
        assert train_set.forces is not None
        scale = float(train_set.forces.std())
        shift = float(np.nanmean(train_set.energies)) if train_set.has_energies else 0.0
        torch.manual_seed(context.seed)
        architecture = self.architecture(train_set)
        potential = SchNetPotential(train_set.numbers, architecture, scale, shift).to(device)
        potential.network.compiled = self.compile != "never"
        # Two more of the same shape: one keeps the best weights, one holds the averaged ones while they are judged.
        best = SchNetPotential(train_set.numbers, architecture, scale, shift).to(device)
        best.provenance = context.provenance
        units = train_set.source.units
        judged = SchNetPotential(train_set.numbers, architecture, scale, shift).to(device)
        judged.provenance = context.provenance
        judged.eval()
        best.eval()

        def validate(network: nn.Module) -> tuple[float, str, dict[str, Any]]:
            judged.network.load_state_dict(network.state_dict())
            metrics = judged.evaluate(valid)
            assert metrics.forces is not None
            loss = self.force_weight * (metrics.forces.rmse * units.forces_in_ev_per_angstrom / scale) ** 2
            line = f"forces {metrics.forces.rmse:.3g} {units.forces}"
            if metrics.energy is not None:
                loss += self.energy_weight * (metrics.energy.rmse * units.energy_in_ev / scale) ** 2
                line += f", energy {metrics.energy.rmse:.3g} {units.energy}"
            return loss, f"validation RMSE: {line}", metrics.to_dict()

        def keep(network: nn.Module) -> None:
            best.network.load_state_dict(network.state_dict())
            refit_shift(best, train_set)
            if context.run is not None:
                context.provenance.validation = best.evaluate(valid).to_dict()
                context.provenance.peak_rss_bytes = peak_rss_bytes()
                best.save(context.run.model_file)

        data = _labelled(train_set, shift, scale, device)
        plan = self._plan()
        state = train(potential.network, data, validate, keep, plan, context.seed, context.run, context.progress)
        return self._finished(best, state, context)

    def _plan(self) -> Plan:
        return Plan(**self.model_dump(include=set(Plan.__dataclass_fields__)))

    def forecast(self, train: Dataset, valid: Dataset) -> Forecast:
        """What `fit` will take on one core if it takes all its steps, from some steps and a validation timed now."""
        plan, device = self._plan(), _device(self.device)[0]
        some = train.select(range(min(len(train), _TIMED_FRAMES)))
        potential = SchNetPotential(train.numbers, self.architecture(some), 1.0, 0.0).to(device)
        potential.network.compiled = self.compile != "never"
        with no_threads_below():
            trained = Trained(potential.network, _labelled(some, 0.0, 1.0, device), plan, 0, lambda sentence: None)
            ahead = trained.at_once(0)
            step = shortest(lambda: trained.take(0, [0.0] * ahead)) / ahead
            judges = valid.positions[:_TIMED_FRAMES]
            judging = shortest(lambda: potential.predict(judges)) * len(valid) / len(judges)
        expected = plan.steps * step + plan.steps / plan.validate_every * judging
        at_most = math.inf if plan.max_time is None else 60 * plan.max_time
        return Forecast(min(expected, at_most), PROCESS + 4 * (train.positions.nbytes + valid.positions.nbytes))

    def architecture(self, train_set: Dataset) -> dict[str, Any]:
        """Keyword arguments of the network, with what was left open.

        Without a cutoff, filters reach twice as far as atoms are apart in these frames: no pair that was seen is left out,
        and what moves farther away than was ever seen still loses its interaction without a jump.
        """
        cutoff = self.cutoff
        if cutoff == "none":
            cutoff = 2 * max(float(pdist(frame).max(initial=1.0)) for frame in train_set.positions)
        gaussians = self.gaussians or max(2, round(_GAUSSIANS_PER_ANGSTROM * cutoff))
        knots = self.knots or max(32, _KNOTS_PER_GAUSSIAN * gaussians)
        given = self.model_dump(include={"features", "interactions", "shared"})
        return given | {"cutoff": cutoff, "gaussians": gaussians, "knots": knots}

    @staticmethod
    def _finished(best: SchNetPotential, state: State, context: FitContext) -> Potential:
        if state.best_step == 0:
            raise SettingsError("The network diverged: no validation gave a finite error; lower learning_rate.")
        if context.run is not None:  # of a resumed run the best may be from before
            best = load(context.run.model_file, best.device)  # type: ignore[assignment]
        context.provenance.notes.append(f"Best of {state.step} steps at step {state.best_step}.")
        return best


def _labelled(frames: Dataset, shift: float, scale: float, device: torch.device) -> Labelled:
    assert frames.forces is not None
    return Labelled(
        positions=torch.tensor(frames.positions, dtype=torch.float32, device=device),
        energies=torch.tensor((frames.energies - shift) / scale, dtype=torch.float32, device=device),
        forces=torch.tensor(frames.forces / scale, dtype=torch.float32, device=device),
    )


def refit_shift(potential: SchNetPotential, train_set: Dataset) -> None:
    """Set the constant energy by least squares on the training frames, in float64."""
    if train_set.has_energies:
        known = train_set.select(np.flatnonzero(np.isfinite(train_set.energies)))
        energies, _ = potential.predict(known.positions)
        potential.shift += float((known.energies - energies).mean())


def _device(wanted: str) -> tuple[torch.device, str]:
    if wanted == "auto":
        wanted = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(wanted)
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise SettingsError(f"The device '{wanted}' cannot be used: {str(error).splitlines()[0]}") from error
    threads = torch.get_num_threads()
    where = f"on {threads} core{'s' if threads > 1 else ''} of the CPU" if device.type == "cpu" else f"on {device}"
    return device, f"SchNet trains {where}."
