"""NetworkSettings: the settings of any network, and the fit that is the same for all of them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import JsonValue

from supple.data.dataset import Dataset
from supple.models.cost_estimate import CostEstimate
from supple.models.device import choose_device
from supple.models.neural.fit import TIMED_FRAMES, estimate_network_cost, fit_network
from supple.models.neural.options import TrainingOptions
from supple.models.neural.potential import NetworkPotential
from supple.models.settings import FitContext, FitResult, ModelSettings


class NetworkSettings(TrainingOptions, ModelSettings):
    """Settings of a network. A new network is a subclass with its architecture's settings, and a `NetworkPotential`."""

    potential_class: ClassVar[type[NetworkPotential]]
    may_stop_early: ClassVar[bool] = True
    trial_settings: ClassVar[Mapping[str, JsonValue]] = {"steps": 5000, "validate_every": 250}

    @abstractmethod
    def architecture(self, train: Dataset) -> dict[str, Any]:
        """Keyword arguments of the network for these training frames; JSON."""

    def _fit(self, train: Dataset, valid: Dataset, context: FitContext) -> FitResult:
        architecture = self.architecture(train)

        def make(scale: float, shift: float) -> NetworkPotential:
            return self.potential_class(train.numbers, architecture, scale, shift)

        return fit_network(self.display_name, make, self, train, valid, context)

    @property
    def n_cores(self) -> int:
        """A GPU does its work itself."""
        return super().n_cores if choose_device(self.device).device.type == "cpu" else 1

    def estimate_cost(self, train: Dataset, valid: Dataset) -> CostEstimate:
        """What `fit` will take on one core if it takes all its steps, from some steps and a validation timed now."""
        some = train.select(range(min(len(train), TIMED_FRAMES)))
        potential = self.potential_class(train.numbers, self.architecture(some))
        return estimate_network_cost(potential, self, train, valid)
