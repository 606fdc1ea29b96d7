"""`supple ipi`: a force field for i-PI."""

from __future__ import annotations

from typing import Annotated

import typer

from supple.cli.console import progress_display
from supple.cli.options import ModelFile


def ipi(
    model: ModelFile,
    socket: Annotated[
        str, typer.Option(help="Where i-PI listens: HOST:PORT, or the <address> or path of a Unix socket.")
    ],
) -> None:
    """Connect a force field to an i-PI server."""
    from supple.interfaces.ipi import Address, answer_ipi
    from supple.models.loading import load

    address = Address.parse(socket)
    potential = load(model)
    with progress_display() as progress:
        progress.note(f"{potential!r} answers i-PI at {address.text}; i-PI ends it, or Ctrl-C.")
        answered = answer_ipi(potential, address)
    typer.echo(f"i-PI has hung up; it asked for {answered} geometries.")
