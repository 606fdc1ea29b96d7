"""`supple ipi`: a force field for i-PI."""

from __future__ import annotations

from typing import Annotated

import typer

from supple.cli.console import progress_display
from supple.cli.options import ModelFile


def ipi(
    model: ModelFile,
    socket: Annotated[
        str, typer.Option(help="Where i-PI listens: HOST:PORT, or the <address> or the path of a Unix socket.")
    ],
) -> None:
    """Connect a force field to an i-PI server."""
    from supple.interfaces.ipi import Address, serve_forces
    from supple.models.loading import load

    address = Address.parse(socket)
    potential = load(model)
    with progress_display() as progress:
        progress.note(f"{potential!r} computes forces for i-PI at {address.text}, until i-PI ends or you press Ctrl-C.")
        if address.is_remote:
            progress.note(
                f"{address.host} may be another machine: the connection is neither encrypted nor authenticated, so use it within a "
                "network that you trust."
            )
        count = serve_forces(potential, address)
    typer.echo(f"i-PI closed the connection after {count} geometries.")
