"""A recipe: all that a sampling is made by, in one file; the command line makes one of its options."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, PositiveInt, ValidationError

from supple.data import bundled
from supple.errors import SettingsError
from supple.sampling.context import Bench, Segment
from supple.sampling.dynamics import Dynamics
from supple.sampling.frames import Frames
from supple.sampling.modes import Modes
from supple.sampling.path import Path as ReactionPath
from supple.sampling.scan import Scan

#: The ways to draw geometries, by their kind.
DRAWS = {"md": Dynamics, "scan": Scan, "modes": Modes, "path": ReactionPath, "frames": Frames}
AnyDraw = Annotated[Dynamics | Scan | Modes | ReactionPath | Frames, Field(discriminator="kind")]


class Recipe(BaseModel):
    """What to sample, how, and with which seed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    molecule: str = Field(description="A bundled name, SMILES, or a file of geometries.")
    method: str = Field("GFN2-xTB", description="Of the labels.")
    drive: str | None = Field(None, description="Of dynamics and relaxations, where a cheaper one will do.")
    charge: int = 0
    multiplicity: PositiveInt = 1
    seed: NonNegativeInt = 0
    draws: tuple[AnyDraw, ...] = Field(default_factory=lambda: (Dynamics.model_validate({}),), min_length=1)

    def bench(self) -> Bench:
        """Molecule, methods and seed."""
        return Bench(self.molecule, self.method, self.drive or self.method, self.charge, self.multiplicity, self.seed)

    @property
    def geometries(self) -> tuple[str, ...]:
        """The files, names and SMILES that it begins from."""
        return tuple(dict.fromkeys([self.molecule, *(name for draw in self.draws for name in draw.geometries)]))

    def hashes(self) -> dict[str, str]:
        """A hash of each of these geometries: of a file that has changed, the frames so far are of another molecule."""
        hashes = {}
        for name in self.geometries:
            atoms = self.bench().start(name)
            content = atoms.numbers.astype("<i8").tobytes() + (atoms.positions.round(6) + 0.0).astype("<f8").tobytes()
            hashes[name] = hashlib.sha256(content).hexdigest()[:16]
        for draw in self.draws:
            hashes.update(draw.fingerprints())
        return hashes

    def segments(self) -> list[Segment]:
        """What is to be done, in parts that can be done side by side.

        Raises:
            SettingsError: a draw does not suit the molecule.
        """
        bench = self.bench()
        segments = [segment for draw in self.draws for segment in draw.segments(bench)]
        names = [segment.name for segment in segments]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise SettingsError(
                f"Two draws would have the same name, {twice[0]}: leave one of them out, or write it to another file."
            )
        return segments

    @classmethod
    def of(cls, **settings: Any) -> Recipe:
        """A recipe from settings.

        Raises:
            SettingsError: a setting does not exist, or its value cannot be.
        """
        try:
            return cls(**settings)
        except ValidationError as error:
            raise SettingsError(f"The recipe cannot be followed: {_first(error)}.") from error

    @classmethod
    def load(cls, path: str | Path) -> Recipe:
        """A recipe from a YAML file, or the one of a bundled set, by its name.

        Raises:
            SettingsError: there is no such file, or it is no recipe.
        """
        file = Path(path)
        if not file.exists() and (bundled.FOLDER / f"{path}.yaml").exists():
            file = bundled.FOLDER / f"{path}.yaml"
        try:
            content = yaml.safe_load(file.read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise SettingsError(f"There is no recipe {path}.") from error
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise SettingsError(f"{path} cannot be read ({str(error).splitlines()[0]}).") from error
        if not isinstance(content, dict):
            raise SettingsError(f"{path} is no recipe: it must hold molecule, method, draws and so on.")
        return cls.of(**content)


def parse_draw(text: str) -> dict[str, Any]:
    """`md:temperature=300,frames=50` as settings of a draw; several values with + between: temperature=300+500.

    Raises:
        SettingsError: the kind or the form is not known.
    """
    kind, _, rest = text.partition(":")
    if kind not in DRAWS:
        raise SettingsError(f"'{kind}' is not a way to draw geometries: choose one of {', '.join(DRAWS)}.")
    settings: dict[str, Any] = {"kind": kind}
    for part in rest.split(","):
        if not part.strip():
            continue
        key, equals, value = part.partition("=")
        if not equals:
            raise SettingsError(f"'{part}' in the draw '{text}' is not of the form name=value.")
        settings[key.strip()] = _value(key.strip(), value.strip())
    return settings


def _value(key: str, text: str) -> Any:
    if key in ("torsion", "to", "start", "file"):
        return text
    if key == "temperature":
        values = [yaml.safe_load(word) for word in text.split("+")]
        return values if len(values) > 1 else values[0]
    return yaml.safe_load(text)


def _first(error: ValidationError) -> str:
    problem = error.errors()[0]
    # The third part is the kind of a draw, by which pydantic told it from others.
    place = ".".join(str(part) for i, part in enumerate(problem["loc"]) if i != 2 or part not in DRAWS)
    return f"{place}: {problem['msg'][0].lower()}{problem['msg'][1:]}" if place else problem["msg"]
