"""`supple cite`: the papers to cite."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def cite(
    model: Annotated[Path | None, typer.Argument(help="Model file: only the papers behind it.")] = None,
    bibtex: Annotated[bool, typer.Option("--bibtex", help="Print BibTeX entries.")] = False,
) -> None:
    """List the papers to cite, in general or for one force field."""
    from supple.models.citations import CITATIONS
    from supple.models.loading import load

    keys = tuple(CITATIONS)
    if model is not None:
        from supple.models.registry import settings_class

        keys = settings_class(load(model).kind).citations
    for key in keys:
        typer.echo(CITATIONS[key].bibtex() if bibtex else str(CITATIONS[key]))
    if not bibtex:
        typer.echo("To cite Supple itself, see CITATION.cff in its repository.")
