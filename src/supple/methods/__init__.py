"""Methods: a name -> energies and forces at a level of theory, as an ASE calculator.

A method is one file with a function from the text after the colon (`PBE/def2-SVP` of `pyscf:PBE/def2-SVP`; empty without one) to a
`Method`, and one line in the registry; plugins add to the group `supple.methods`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from supple.errors import SettingsError
from supple.runtime.plugins import Registry

if TYPE_CHECKING:
    from ase.calculators.calculator import Calculator


@dataclass(frozen=True)
class Method:
    """A level of theory.

    Attributes:
        theory: its name, as it is written beside the frames.
        package: the package whose version is written with it.
        calculator: makes a calculator for a molecule of this charge and multiplicity.
        takes_charge: whether charge and multiplicity have an effect.
        multithreaded: whether one calculation uses several cores well.
        version: what the numbers depend on besides the name, where that is not the version of the package; may raise SettingsError.
        cores: that one calculation takes, whatever it is given.
        n_bytes: of memory that one calculation takes.
        has_forces: whether it gives forces, or energies alone.
    """

    theory: str
    package: str
    calculator: Callable[[int, int], Calculator]
    takes_charge: bool = True
    multithreaded: bool = False
    version: Callable[[], str] | None = None
    cores: int = 1
    n_bytes: int = 2**30
    has_forces: bool = True


#: name, or the part before the colon -> a function that makes the method from the text after the colon.
METHODS: Registry[Callable[[str], Method]] = Registry(
    "supple.methods",
    "method",
    {
        "GFN2-xTB": "supple.methods.gfn_xtb:gfn2",
        "GFN1-xTB": "supple.methods.gfn_xtb:gfn1",
        "pyscf": "supple.methods.pyscf_levels:pyscf_level",
        "psi4": "supple.methods.programs.methods:psi4",
        "nwchem": "supple.methods.programs.methods:nwchem",
        "orca": "supple.methods.programs.methods:orca",
        "gaussian": "supple.methods.programs.methods:gaussian",
        "qchem": "supple.methods.programs.methods:qchem",
        "xtb": "supple.methods.programs.methods:xtb",
        "mopac": "supple.methods.programs.methods:mopac",
        "template": "supple.methods.programs.methods:from_template",
    },
)


def method_with_forces(name: str, purpose: str) -> Method:
    """As `find_method`, for what needs forces.

    Args:
        name: of the method.
        purpose: what it would be used as, such as "A baseline".

    Raises:
        SettingsError: as `find_method`, or the method gives energies alone.
    """
    method = find_method(name)
    if not method.has_forces:
        raise SettingsError(
            f"{purpose} needs forces, and {name} gives energies alone: it can label geometries that are there (supple sample --label "
            f"FILE --method '{name}'), and a force field of another method can learn the difference to it."
        )
    return method


def find_method(name: str) -> Method:
    """The method of a name.

    Args:
        name: `GFN2-xTB`, `GFN1-xTB`; `pyscf:FUNCTIONAL/BASIS`, such as `pyscf:PBE/def2-SVP`; a program, such as
            `psi4:B3LYP-D3BJ/def2-SVP` or `template:FILE.yaml`; a method of a plugin; or `module:function`, a function without arguments
            that returns an ASE calculator.

    Raises:
        SettingsError: the method is unknown, or a package that it needs is not installed.
    """
    prefix, colon, level = name.partition(":")
    if prefix in METHODS:
        return METHODS.get(prefix)(level)
    if colon:
        from supple.methods.user_function import user_function

        return user_function(prefix, level)
    raise SettingsError(
        f"'{name}' is not a known method: choose one of {', '.join(METHODS)} (as in pyscf:PBE/def2-SVP), or write "
        "module:function for a function of your own that returns an ASE calculator."
    )
