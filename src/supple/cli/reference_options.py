"""Options to compare a force field with a reference method: `relax` and `scan`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    import numpy as np

    from supple.methods.reference import Reference

ReferenceOption = Annotated[
    str | None,
    typer.Option(
        "--reference",
        help="Compare with a method of 'supple sample': GFN2-xTB, pyscf:PBE/def2-SVP, module:function, ...",
    ),
]
ChargeOption = Annotated[int | None, typer.Option(help="Total charge, for --reference (default: 0).")]
MultiplicityOption = Annotated[
    int | None, typer.Option(min=1, help="Spin multiplicity, for --reference (default: 1, a singlet).")
]


def chosen_reference(
    name: str | None, numbers: np.ndarray, charge: int | None, multiplicity: int | None
) -> Reference | None:
    """The reference that the options name; None without one.

    Raises:
        SettingsError: it is unknown or not possible for this molecule, or charge or multiplicity are given without it.
    """
    from ase import Atoms

    from supple.errors import SettingsError
    from supple.methods.reference import reference_method

    if name is not None:
        return reference_method(name, Atoms(numbers), charge, multiplicity)
    if charge is not None or multiplicity is not None:
        raise SettingsError(
            "--charge and --multiplicity are those of the reference method: add --reference, or leave them out."
        )
    return None
