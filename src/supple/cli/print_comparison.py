"""What `supple relax --reference` prints: conformers and their frequencies, beside those of the reference."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from supple.simulation.relaxation.minima_comparison import ConformerComparison


def print_comparison(compared: Sequence[ConformerComparison], theory: str) -> None:
    """Tables of energies and geometries, and of frequencies where they are known."""
    import numpy as np
    from rich.console import Console
    from rich.table import Table

    from supple.geometry.profile_comparison import signed
    from supple.simulation.relaxation.minima_comparison import shared_conformers

    table = Table()
    for heading in ("conformer", "force field / kcal/mol", f"{theory} / kcal/mol", "difference", "RMSD / Å"):
        table.add_column(heading, justify="right")
    for one in compared:
        cells = ["failed"] * 3
        if np.isfinite(one.reference_energy):
            cells = [f"{one.reference_energy:.2f}", signed(one.energy - one.reference_energy), f"{one.rmsd:.3f}"]
        table.add_row(str(one.own.conformer), f"{one.energy:.2f}", *cells)
    Console().print(table)
    for one in compared:
        if one.wavenumber_differences is not None:
            _print_frequencies(one, theory)
    for sentence in shared_conformers(compared, theory):
        typer.echo(sentence)
    for one in compared:
        if one.reference.remark:
            typer.echo(f"Conformer {one.own.conformer} with {theory}: {one.reference.remark}.", err=True)


def _print_frequencies(one: ConformerComparison, theory: str) -> None:
    """The frequencies of one conformer in ascending order, several columns side by side."""
    import numpy as np
    from rich.console import Console
    from rich.table import Table

    from supple.geometry.profile_comparison import signed

    own, other, off = one.own.wavenumbers, one.reference.wavenumbers, one.wavenumber_differences
    assert own is not None and other is not None and off is not None
    typer.echo(f"Harmonic frequencies of conformer {one.own.conformer} / cm⁻¹:")
    table = Table()
    for heading in ("force field", theory, "difference"):
        table.add_column(heading, justify="right")
    for a, b, difference in zip(np.sort(own), np.sort(other), off, strict=True):
        table.add_row(_wavenumber(a), _wavenumber(b), signed(difference, 0))
    Console().print(table)
    k = int(np.abs(off).argmax())
    typer.echo(
        f"They differ by {np.abs(off).mean():.0f} cm⁻¹ on average, and by {signed(off[k], 0)} cm⁻¹ at most (at "
        f"{_wavenumber(np.sort(other)[k])})."
    )


def _wavenumber(value: float) -> str:
    return f"{abs(value):.0f}i" if value < 0 else f"{value:.0f}"
