"""Recipe: everything that defines a sampling run, in one file; the command line makes one from its options."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    NonNegativeInt,
    PositiveInt,
    SerializeAsAny,
    ValidationError,
)

from supple.data import bundled
from supple.errors import SettingsError, first_line
from supple.methods import method_with_forces
from supple.runtime.settings_file import read_yaml
from supple.runtime.validation import first_problem
from supple.sampling import descriptions
from supple.sampling.draws import make_draw
from supple.sampling.draws.base import Draw

if TYPE_CHECKING:
    from supple.sampling.context import SamplingContext
    from supple.sampling.segments import Segment

#: A draw, or its settings.
AnyDraw = Annotated[
    SerializeAsAny[Draw], BeforeValidator(lambda value: make_draw(value) if isinstance(value, dict) else value)
]


class Recipe(BaseModel):
    """What to sample, how, and with which seed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    molecule: str = Field(description=descriptions.MOLECULE)
    method: str = Field("GFN2-xTB", description=descriptions.METHOD)
    drive: str | None = Field(None, description=descriptions.DRIVE)
    charge: int = Field(0, description=descriptions.CHARGE)
    multiplicity: PositiveInt = Field(1, description=descriptions.MULTIPLICITY)
    seed: NonNegativeInt = Field(0, description=descriptions.SEED)
    draws: tuple[AnyDraw, ...] = Field(default_factory=lambda: (make_draw({"kind": "md"}),), min_length=1)

    def context(self) -> SamplingContext:
        """Molecule, methods and seed."""
        from supple.sampling.context import SamplingContext

        drive = self.drive or self.method
        return SamplingContext(self.molecule, self.method, drive, self.charge, self.multiplicity, self.seed)

    @property
    def geometries(self) -> tuple[str, ...]:
        """The files, bundled names and SMILES that it starts from."""
        return tuple(dict.fromkeys([self.molecule, *(name for draw in self.draws for name in draw.geometries)]))

    def hashes(self) -> dict[str, str]:
        """A hash of each of these geometries: when a file has changed, earlier frames are not of this recipe."""
        hashes = {}
        for name in self.geometries:
            atoms = self.context().start(name)
            content = atoms.numbers.astype("<i8").tobytes() + (atoms.positions.round(6) + 0.0).astype("<f8").tobytes()
            hashes[name] = hashlib.sha256(content).hexdigest()[:16]
        for draw in self.draws:
            hashes.update(draw.fingerprints())
        if self.method.startswith("template:"):  # a file, which may change
            hashes[self.method] = self.context().level.method.theory
        return hashes

    def segments(self) -> list[Segment[Any]]:
        """The parts of the sampling run, which can be drawn in parallel.

        Raises:
            SettingsError: a draw does not suit the molecule, two would give frames of one origin, or the method that moves the
                molecule has no forces.
        """
        context = self.context()
        if any(draw.moves for draw in self.draws):
            method_with_forces(context.drive, "What moves the molecule (--drive)")
        segments = [segment for draw in self.draws for segment in draw.segments(context)]
        names = [segment.name for segment in segments]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise SettingsError(
                f"Two draws would have the same name, {twice[0]}: leave one of them out, or sample it into another file."
            )
        return segments

    @classmethod
    def of(cls, **settings: Any) -> Recipe:
        """A recipe from settings.

        Raises:
            SettingsError: a setting does not exist, or its value is not allowed.
        """
        try:
            return cls(**settings)
        except ValidationError as error:
            raise SettingsError(f"The recipe has an invalid setting: {first_problem(error)}.") from error

    @classmethod
    def load(cls, path: str | Path) -> Recipe:
        """A recipe from a YAML file, or that of a bundled set by its name.

        Raises:
            SettingsError: there is no such file, or it is not a recipe.
        """
        file = Path(path)
        if not file.exists() and (bundled.FOLDER / f"{path}.yaml").exists():
            file = bundled.FOLDER / f"{path}.yaml"
        try:
            content = read_yaml(file)
        except FileNotFoundError as error:
            raise SettingsError(f"There is no recipe {path}.") from error
        except (OSError, ValueError) as error:
            raise SettingsError(f"{path} cannot be read ({first_line(error)}).") from error
        if not isinstance(content, dict):
            raise SettingsError(f"{path} is not a recipe: it must contain settings such as molecule, method and draws.")
        return cls.of(**content)
