"""NetworkSettings: the settings of any network, and the fit that is the same for all of them."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, cast

from pydantic import JsonValue

from supple.data.dataset import Dataset
from supple.errors import SettingsError
from supple.models.cost_estimate import CostEstimate
from supple.models.device import choose_device
from supple.models.loading import load
from supple.models.neural.fit import TIMED_FRAMES, estimate_network_cost, fit_network
from supple.models.neural.options import TrainingOptions
from supple.models.neural.potential import NetworkPotential
from supple.models.neural.start import RATE, STEPS, Start, start_version
from supple.models.registry import make_settings
from supple.models.settings import FitContext, FitResult, ModelSettings


class NetworkSettings(TrainingOptions, ModelSettings):
    """Settings of a network. A new network is a subclass with its architecture's settings, and a `NetworkPotential`."""

    potential_class: ClassVar[type[NetworkPotential]]
    may_stop_early: ClassVar[bool] = True
    trial_settings: ClassVar[Mapping[str, JsonValue]] = {"steps": 5000, "validate_every": 250}

    @abstractmethod
    def architecture(self, train: Dataset) -> dict[str, Any]:
        """Keyword arguments of the network for these training frames; JSON."""

    def differences(self, own: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[str]:
        """The parts by which an architecture is not the one that these settings ask for.

        Args:
            own: the architecture; parts that its version did not have are left out.
            wanted: what `architecture` returned. What follows from the training frames alone may differ.
        """
        return [name for name, value in wanted.items() if own.get(name, value) != value]

    @classmethod
    def continuing(cls, file: str | Path, **changes: Any) -> NetworkSettings:
        """Settings of a training that goes on from an earlier force field with more frames: its own, with a shorter schedule.

        Args:
            file: of the earlier force field.
            changes: settings with other values.

        Raises:
            ModelFileError, SettingsError: it cannot be read, or the settings are not allowed.
        """
        earlier = cls.extended(load(file).provenance.settings, str(file))
        return cast(NetworkSettings, make_settings(cls.kind, earlier | changes))

    @classmethod
    def extended(cls, earlier: Mapping[str, Any], file: str) -> dict[str, Any]:
        """From the weights of the earlier force field; shorter and slower than a training from random weights."""
        same = super().extended(earlier, file)
        schedule = {}
        if same.get("start") is None:
            of = cls.model_validate(same)
            schedule = {"steps": math.ceil(STEPS * of.steps), "learning_rate": RATE * of.learning_rate}
        return same | schedule | {"start": file}

    def identity(self) -> dict[str, Any]:
        """The settings, and the version of the force field that training starts from."""
        return super().identity() | ({} if self.start is None else {"start_version": start_version(self.start)})

    def _fit(self, train: Dataset, valid: Dataset, context: FitContext) -> FitResult:
        architecture = self.architecture(train)
        if self.start is not None:
            return self._fit_from(self.start, architecture, train, valid, context)

        def make(scale: float, shift: float) -> NetworkPotential:
            return self.potential_class(train.numbers, architecture, scale, shift)

        return fit_network(self.display_name, make, self, train, valid, context)

    def _fit_from(
        self, file: str, architecture: Mapping[str, Any], train: Dataset, valid: Dataset, context: FitContext
    ) -> FitResult:
        """Train from the weights of an earlier force field."""
        start = Start(file, self.potential_class, context.baseline is not None)
        start.require_frames(train, valid)
        if changed := self.differences(start.architecture, architecture):
            raise SettingsError(
                f"The network of {file} has other {', '.join(changed)}, which cannot change when training goes on from its "
                "weights: leave that as it was, or train anew."
            )
        context.progress.note(start.sentence())

        def make(scale: float, shift: float) -> NetworkPotential:
            return start.potential(train)

        result = fit_network(self.display_name, make, self, train, valid, context)
        return replace(result, notes=[start.sentence(), *result.notes])

    @property
    def n_cores(self) -> int:
        """A GPU does its work itself."""
        return super().n_cores if choose_device(self.device).device.type == "cpu" else 1

    def estimate_cost(self, train: Dataset, valid: Dataset) -> CostEstimate:
        """What `fit` will take on one core if it takes all its steps, from some steps and a validation timed now."""
        some = train.select(range(min(len(train), TIMED_FRAMES)))
        potential = self.potential_class(train.numbers, self.architecture(some))
        return estimate_network_cost(potential, self, train, valid)
