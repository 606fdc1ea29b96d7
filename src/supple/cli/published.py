"""`supple published`: errors of force fields from the literature."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from supple.cli.console import print_json, print_next
from supple.cli.options import JsonOption
from supple.errors import SettingsError

if TYPE_CHECKING:
    from supple.evaluation.published import Series


def published(
    dataset: Annotated[str | None, typer.Argument(help="One data set, as the list names it; all if left out.")] = None,
    json: JsonOption = False,
) -> None:
    """List published errors of force fields, with their sources.

    `supple study` shows them beside its own for data that it recognises.
    """
    from supple.evaluation.published import dataset_ids, series_for

    known = dataset_ids()
    if dataset is not None and dataset not in known:
        raise SettingsError(f"No published numbers are known for '{dataset}': choose one of {', '.join(known)}.")
    names = [dataset] if dataset else known
    if json:
        print_json({"series": [one.model_dump(mode="json") for name in names for one in series_for(name)]})
    elif dataset is None:
        _list(names)
        print_next(f"supple published {names[0]}")
    else:
        _show(series_for(dataset))
        print_next("supple study FILE   # your own errors beside these, if FILE is named like these data")


def _list(names: list[str]) -> None:
    from rich.console import Console
    from rich.table import Table

    from supple.evaluation.published import series_for, title_of

    table = Table("data set", "what", "models", "training frames", "DOI")
    for name in names:
        found = series_for(name)
        sizes = sorted({size for one in found for size in one.sizes})
        models = dict.fromkeys(one.model for one in found)
        dois = dict.fromkeys(one.source.doi or "unpublished" for one in found)
        frames = f"{sizes[0]} to {sizes[-1]}" if len(sizes) > 1 else str(sizes[0])
        table.add_row(name, title_of(name), ", ".join(models), frames, "\n".join(dois))
    Console().print(table)


def _show(found: list[Series]) -> None:
    from rich.console import Console
    from rich.table import Table

    sizes = sorted({size for one in found for size in one.sizes})
    table = Table("model, source", "error", "unit")
    for size in sizes:
        table.add_column(f"N={size}", justify="right")
    for one in found:
        values = dict(zip(one.sizes, one.values, strict=True))
        cells = [f"{values[size]:g}" if size in values else "" for size in sizes]
        table.add_row(one.label, f"{one.quantity} {one.metric.upper()}", one.unit, *cells)
    Console().print(table)
    for source in {one.source.label: one.source for one in found}.values():
        typer.echo(f"\n{source.label}: {source.citation}")
        for heading, text in (
            ("Error", source.definition), ("Frames", source.split), ("Uncertainty", source.uncertainty),
            *(("Remark", remark) for remark in source.remarks),
        ):  # fmt: skip
            typer.echo(f"  {heading}: {text}")
