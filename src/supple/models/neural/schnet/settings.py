"""SchNet: the settings of its architecture."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field, PositiveFloat, PositiveInt
from scipy.spatial.distance import pdist

from supple.data.dataset import Dataset
from supple.models.citations import Citation
from supple.models.neural.citations import SCHNET, SOAP
from supple.models.neural.schnet.potential import SchNetPotential
from supple.models.neural.settings import NetworkSettings
from supple.models.search_space import Interval, OneOf, Range
from supple.runtime.jit.compilation import is_compiled

#: Measured on one core; no more are used for it.
_COMPILATION_SECONDS = 40.0
_GAUSSIANS_PER_ANGSTROM = 5
#: The forces are then within 1e-5 of those with filters evaluated for every pair.
_KNOTS_PER_GAUSSIAN = 16


class SchNet(NetworkSettings):
    """SchNet: a neural network with continuous-filter convolutions; one network gives energies and forces."""

    kind: ClassVar[str] = "schnet"
    display_name: ClassVar[str] = "SchNet"
    potential_class = SchNetPotential
    colour = "#D55E00"
    marker = "s"
    citations: ClassVar[tuple[Citation, ...]] = (
        Citation(
            "schutt2017",
            "K. T. Schütt, P.-J. Kindermans, H. E. Sauceda, S. Chmiela, A. Tkatchenko, K.-R. Müller",
            "SchNet: A continuous-filter convolutional neural network for modeling quantum interactions",
            "Adv. Neural Inf. Process. Syst. 30",
            2017,
            "10.48550/arXiv.1706.08566",
            "SchNet",
        ),
        SCHNET,
        SOAP,
    )
    search_space: ClassVar[dict[str, Range]] = {
        "features": OneOf((32, 64, 96, 128)),
        "interactions": Interval(2, 6, whole=True),
        "cutoff": Interval(3.5, 8.0),
        "learning_rate": Interval(5e-4, 1e-2, log=True),
        "batch_size": OneOf((5, 10, 20)),
        "ema_decay": OneOf((0.99, 0.995, 0.999)),
    }

    features: PositiveInt = Field(64, description="Feature dimension of an atom; multiples of 32 train fastest.")
    interactions: PositiveInt = Field(4, description="Number of interaction blocks.")
    shared: bool = Field(False, description="Share one set of weights among all interaction blocks.")
    cutoff: PositiveFloat | Literal["none"] = Field(
        5.0, description="Cutoff radius in Å, or 'none': pairs of atoms farther apart do not interact."
    )
    gaussians: int | None = Field(
        None, ge=2, description="Number of Gaussians on [0, cutoff] in the filters; five per Å if left out."
    )
    knots: int | None = Field(
        None, ge=32, description="Number of knots of the filters' radial grid; 16 per Gaussian if left out."
    )

    @classmethod
    def compilation_seconds(cls) -> float:
        """About how long those of its loops that are not compiled yet on this machine take to compile (s)."""
        from supple.models.neural.schnet.compiled.steps import take_steps

        return 0.0 if is_compiled(take_steps) else _COMPILATION_SECONDS

    def architecture(self, train: Dataset) -> dict[str, Any]:
        """Keyword arguments of the network, with the values of what was left open.

        Without a cutoff, filters reach twice as far as atoms are apart in these frames: no pair of the training frames is
        left out, and the interaction of atoms that move farther apart still vanishes without a jump.
        """
        cutoff = self.cutoff
        if cutoff == "none":
            cutoff = 2 * max(float(pdist(frame).max(initial=1.0)) for frame in train.positions)
        gaussians = self.gaussians or max(2, round(_GAUSSIANS_PER_ANGSTROM * cutoff))
        knots = self.knots or max(32, _KNOTS_PER_GAUSSIAN * gaussians)
        given = self.model_dump(include={"features", "interactions", "shared"})
        return given | {"cutoff": cutoff, "gaussians": gaussians, "knots": knots}

    def differences(self, own: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[str]:
        """As in `NetworkSettings`; without a cutoff, the reach of the filters follows from the frames."""
        of_frames = {"cutoff", "gaussians", "knots"} if self.cutoff == "none" else set()
        return [name for name in super().differences(own, wanted) if name not in of_frames]
