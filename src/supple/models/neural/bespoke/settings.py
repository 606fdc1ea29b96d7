"""Bespoke: the settings of its architecture, and its defaults of training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field, PositiveFloat, PositiveInt
from scipy.spatial.distance import pdist

from supple.data.dataset import Dataset
from supple.models.citations import Citation
from supple.models.neural.bespoke.potential import BespokePotential
from supple.models.neural.citations import SCHNET, SOAP
from supple.models.neural.settings import NetworkSettings
from supple.models.search_space import Interval, OneOf, Range
from supple.molecule.symmetry.symmetry_classes import element_classes, symmetry_classes, tells_apart
from supple.runtime.jit.compilation import is_compiled

_RADIAL_PER_ANGSTROM = 1.6
#: About how long the loops take to compile, s.
_COMPILATION_SECONDS = 40.0


class Bespoke(NetworkSettings):
    """Bespoke: an equivariant neural network for one molecule, with weights for each symmetry class of atom."""

    kind: ClassVar[str] = "bespoke"
    display_name: ClassVar[str] = "Bespoke"
    potential_class = BespokePotential
    colour = "#009E73"
    marker = "^"
    citations: ClassVar[tuple[Citation, ...]] = (
        Citation(
            "batzner2022",
            "S. Batzner, A. Musaelian, L. Sun, M. Geiger, J. P. Mailoa, M. Kornbluth, N. Molinari, T. E. Smidt, B. Kozinsky",
            "E(3)-equivariant graph neural networks for data-efficient and accurate interatomic potentials",
            "Nat. Commun. 13, 2453",
            2022,
            "10.1038/s41467-022-29939-5",
            "equivariant sums over neighbours (NequIP)",
        ),
        Citation(
            "batatia2022",
            "I. Batatia, D. P. Kovács, G. N. C. Simm, C. Ortner, G. Csányi",
            "MACE: Higher order equivariant message passing neural networks for fast and accurate force fields",
            "Adv. Neural Inf. Process. Syst. 35",
            2022,
            "10.48550/arXiv.2206.07697",
            "products on atoms in place of sums over triples (MACE)",
        ),
        Citation(
            "schutt2021",
            "K. T. Schütt, O. T. Unke, M. Gastegger",
            "Equivariant message passing for the prediction of tensorial properties and molecular spectra",
            "Proc. Mach. Learn. Res. 139, 9377",
            2021,
            "10.48550/arXiv.2102.03150",
            "gates of vectors by scalars (PaiNN)",
        ),
        SCHNET,
        SOAP,
    )
    search_space: ClassVar[dict[str, Range]] = {
        "features": OneOf((16, 32, 64)),
        "layers": Interval(1, 3, whole=True),
        "cutoff": Interval(3.5, 8.0),
        "learning_rate": Interval(2e-3, 2e-2, log=True),
        "batch_size": OneOf((5, 10, 20)),
        "ema_decay": OneOf((0.99, 0.995, 0.999)),
    }

    features: PositiveInt = Field(32, description="Number of channels of an atom's components.")
    layers: PositiveInt = Field(2, description="Number of layers.")
    cutoff: PositiveFloat | Literal["none"] = Field(
        5.0, description="Cutoff radius in Å, or 'none': pairs of atoms farther apart do not interact."
    )
    radial: PositiveInt | None = Field(
        None, description="Number of radial functions; 1.6 per Å of the cutoff if left out."
    )
    weights: Literal["class", "element"] = Field(
        "class", description="Weights for each symmetry class of atom, or for each element."
    )
    learning_rate: PositiveFloat = Field(0.005, description="Peak learning rate.")

    @classmethod
    def compilation_seconds(cls) -> float:
        """About how long those of its loops that are not compiled yet on this machine take to compile (s)."""
        from supple.models.neural.bespoke.compiled.steps import take_steps

        return 0.0 if is_compiled(take_steps) else _COMPILATION_SECONDS

    def architecture(self, train: Dataset) -> dict[str, Any]:
        """Keyword arguments of the network, with the values of what was left open.

        Without a cutoff, pairs interact up to twice the largest distance in these frames: no pair of the training frames is
        left out, and the interaction of atoms that move farther apart still vanishes without a jump.
        """
        cutoff = self.cutoff
        if cutoff == "none":
            cutoff = 2 * max(float(pdist(frame).max(initial=1.0)) for frame in train.positions)
        by_class = self.weights == "class"
        classes = symmetry_classes(train.numbers, train.positions) if by_class else element_classes(train.numbers)
        given = self.model_dump(include={"features", "layers"})
        return given | {
            "classes": classes,
            "radial": self.radial or max(1, round(_RADIAL_PER_ANGSTROM * cutoff)),
            "cutoff": cutoff,
        }

    def differences(self, own: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[str]:
        """As in `NetworkSettings`; classes may be fewer than the symmetries ask for, and without a cutoff their reach follows from the frames."""
        of_frames = {"cutoff", "radial"} if self.cutoff == "none" else set()
        if not tells_apart(own["classes"], wanted["classes"]):
            of_frames.add("classes")
        return [name for name in super().differences(own, wanted) if name not in of_frames]
