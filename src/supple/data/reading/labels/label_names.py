"""What the names of energies and forces in files say: what they are of, and where they come from.

A name is taken apart into words: those for the quantity (`energy`, `Etot`, `forces`), those that say that it is another
quantity (`energy_cutoff`, `Gibbs free energy`), and the others, which name its source (`REF_energy`, `mace_forces`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

#: Whether an energy is the one that forces are the derivative of. Both `potential` and `free` energies may be (the latter, of
#: electrons at a finite temperature, is where both are given); `other` energies are not.
Role = Literal["potential", "free", "other"]

_ENERGY = {"energy", "energies", "eng", "ener", "energie", "etot", "etotal", "epot", "toteng", "poteng"}
#: Names without a word for energy that are energies by custom: of LAMMPS, of QM9, of VASP.
_BY_CUSTOM: dict[str, Role] = {
    "E": "potential", "PE": "potential", "pe": "potential", "U": "other", "U0": "other", "H": "other", "G": "other",
    "E0": "other",
}  # fmt: skip
_FORCE = {"force", "forces"}
#: Words by which a name is not that of an energy or a force of the molecule at all.
_PARAMETERS = {
    "cut", "cutoff", "threshold", "thresh", "thr", "tol", "tolerance", "conv", "convergence", "converged", "criterion",
    "unit", "units", "weight", "weights", "std", "stdev", "var", "variance", "uncert", "uncertainty", "err", "error", "errors",
    "rmse", "mae", "sigma", "shift", "offset", "scale", "mean", "min", "max", "rms", "avg", "average", "norm", "median",
    "count", "num", "id", "index", "file", "type", "method", "functional", "basis", "level", "levels", "field", "constant",
    "homo", "lumo", "fermi", "orbital", "orbitals", "band", "eigenvalue", "eigenvalues", "occupation", "state",
    "temperature", "step", "steps", "time", "drift", "constraint", "random",
}  # fmt: skip
_KINETIC = {"kinetic", "kin", "ekin", "kineng"}
#: Words by which it is a part of the energy or force, a difference, or a thermodynamic function.
_OTHER = {
    "gibbs", "helmholtz", "enthalpy", "entropy", "thermal", "internal", "zero", "zpe", "zpve", "formation", "atomization",
    "atomisation", "binding", "cohesive", "interaction", "adsorption", "reaction", "activation", "barrier", "strain", "relative",
    "rel", "delta", "diff", "difference", "change", "per", "atom", "atomic", "atoms", "node", "site", "local", "old", "previous",
    "prev", "initial", "dispersion", "disp", "correlation", "corr", "correction", "exchange", "xc",
    "repulsion", "nuclear", "nuc", "hartree", "coulomb", "electrostatic", "electrostatics", "solvation", "bias", "external", "excitation",
    "excited", "transition", "ionization", "ionisation", "affinity", "reorganization", "reorganisation", "singles", "triples",
    "u", "u0", "h", "h298", "g", "g298", "u298", "gap", "coh", "bind", "form", "ads", "int", "electron", "unsmeared", "isolated", "e0s", "bond", "angle", "dihedral", "torsion", "pair", "self",
}  # fmt: skip
#: Words that name a part (`d3_energy`) where they stand alone, and otherwise a method (`pbe_d3_energy`).
_DISPERSION = {"d2", "d3", "d4", "vdw", "mbd"}
#: Words that say nothing about the source.
_NEUTRAL = {
    "e", "f", "tot", "total", "pot", "potential", "free", "final", "electronic", "label", "labels", "value", "values", "gradient",
    "gradients", "grad", "pe", "au",
}  # fmt: skip
#: Words by which the source is a model rather than a calculation.
_MODELS = {
    "mace", "nequip", "allegro", "mlip", "mlff", "mlp", "ml", "nn", "nnp", "ace", "schnet", "painn", "pred", "model", "chgnet",
    "m3gnet", "orb", "sevennet", "mattersim", "uma", "dp", "deepmd", "ani", "aimnet", "physnet", "sgdml", "gdml", "mm", "ff",
}  # fmt: skip
_SPELLINGS = {"reference": "ref", "predicted": "pred", "prediction": "pred", "predictions": "pred"}

#: A unit at the end: `energy_eV`, `forces_eV_per_A`, `Energy (kcal/mol)`; not `energy_eV_per_atom`.
_UNIT = re.compile(
    r"[\W_]+(?:m?ev|kcal|kj|hartree|ha|eh|ry)(?:[\W_]*(?:per[\W_]*)?(?:mol|angstrom|ang|a|å|bohr))*[\W_]*$",
    re.IGNORECASE,
)
_FUSED = re.compile(r"(energ(?:y|ies)|forces?)")
_CAPITALS = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_SYMBOL = re.compile(r"(?<![^\W_])[EF](?![^\W_])")


@dataclass(frozen=True)
class LabelName:
    """The name of an energy or of forces.

    Attributes:
        name: in the file.
        role: of an energy, as `Role`; forces are `potential` or `other`.
        source: the words that name its source, in lower case; none in `energy` and `forces`.
        words: all words, in lower case.
    """

    name: str
    role: Role
    source: frozenset[str]
    words: frozenset[str]

    @property
    def of_a_model(self) -> bool:
        """Whether the source is a model by its name."""
        return bool(self.source & _MODELS)


def energy_name(name: str) -> LabelName | None:
    """What the name says of an energy; None if it is not the name of one."""
    words = _words(name)
    by_custom = _BY_CUSTOM.get(name)
    of_energy = bool(set(words) & (_ENERGY | {"enthalpy", "gibbs", "zpve", "zpe"})) or _has_symbol(name, words, "e")
    if by_custom is None and not of_energy:
        return None
    return _label(name, words, by_custom)


def force_name(name: str) -> LabelName | None:
    """What the name says of forces; None if it is not the name of any."""
    words = [word for word in _words(name) if word not in ("atom", "atomic", "atoms")]
    if not (set(words) & _FORCE or _has_symbol(name, words, "f")):
        return None
    return _label(name, words, None)


def is_kinetic_energy(name: str) -> bool:
    """Whether it is the kinetic energy of dynamics, by its name."""
    return bool(set(_words(name)) & _KINETIC)


def is_nuclear_repulsion(name: str) -> bool:
    """Whether it is the repulsion of the nuclei, by its name."""
    return bool(set(_words(name)) & {"nuclear", "nuc", "repulsion"})


def source_of(name: str) -> frozenset[str]:
    """The words of any name that name a source, in lower case."""
    return _source(_words(name))


def _label(name: str, words: list[str], role: Role | None) -> LabelName | None:
    found = set(words)
    if found & (_PARAMETERS | _KINETIC) or any(word.startswith("uncert") for word in words):
        return None
    source = _source(words)
    if found & _OTHER or (source and source <= _DISPERSION):
        role = "other"
    elif role is None:
        role = "free" if "free" in found else "potential"
    return LabelName(name, role, source, frozenset(words))


def _source(words: list[str]) -> frozenset[str]:
    return frozenset(words) - _NEUTRAL - _ENERGY - _FORCE


def _words(name: str) -> list[str]:
    parts = _CAPITALS.sub(" ", _UNIT.sub("", name))
    words = re.findall(r"[^\W_]+", _FUSED.sub(r" \1 ", parts.lower()))
    return [_SPELLINGS.get(word, word) for word in words]


def _has_symbol(name: str, words: list[str], symbol: str) -> bool:
    """Whether `E` or `F` is a word of the name (`E_dft`), also as `e_tot`; `E_x` is the component of a field."""
    others = {word for word in words if word != symbol}
    if others & {"x", "y", "z"} and len(others) == 1:
        return False
    if any(found.lower() == symbol for found in _SYMBOL.findall(name)):
        return True
    return words[:1] == [symbol] and bool(others) and others <= _NEUTRAL | {"dft", "scf", "ref", "qm"}
