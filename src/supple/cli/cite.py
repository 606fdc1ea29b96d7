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
    from supple.models.loading import load
    from supple.models.model_citations import model_citations
    from supple.models.registry import all_citations

    for citation in all_citations() if model is None else model_citations(load(model)):
        typer.echo(citation.bibtex() if bibtex else str(citation))
    if not bibtex:
        typer.echo("To cite Supple itself, see CITATION.cff in its repository.")
