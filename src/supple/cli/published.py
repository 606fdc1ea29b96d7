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
    dataset: Annotated[
        str | None, typer.Argument(help="Name of a data set, as in the list (default: list all).")
    ] = None,
    json: JsonOption = False,
) -> None:
    """List published errors of force fields, with their sources.

    `supple study` compares its own errors with them, for data that it recognises.
    """
    from supple.evaluation.published import dataset_ids, series_for

    available = dataset_ids()
    if dataset is not None and dataset not in available:
        raise SettingsError(f"There are no published errors for '{dataset}': choose one of {', '.join(available)}.")
    names = [dataset] if dataset else available
    if json:
        print_json({"series": [one.model_dump(mode="json") for name in names for one in series_for(name)]})
    elif dataset is None:
        _list(names)
        print_next(f"supple published {names[0]}")
    else:
        _show(series_for(dataset))
        print_next("supple study FILE   # compares your errors with these, if FILE has the name of this data set")


def _list(names: list[str]) -> None:
    from rich.console import Console
    from rich.table import Table

    from supple.evaluation.published import series_for

    table = Table()
    table.add_column("data set", no_wrap=True)
    for heading in ("models", "training frames"):
        table.add_column(heading)
    table.add_column("DOI", no_wrap=True)
    for name in names:
        series = series_for(name)
        sizes = sorted({size for one in series for size in one.sizes})
        models = dict.fromkeys(one.model for one in series)
        dois = dict.fromkeys(one.source.doi or "unpublished" for one in series)
        frames = f"{sizes[0]} to {sizes[-1]}" if len(sizes) > 1 else str(sizes[0])
        table.add_row(name, ", ".join(models), frames, "\n".join(dois))
    Console().print(table)


def _show(series: list[Series]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("model, source", "error", "unit", "training frames: value")
    for one in series:
        values = ", ".join(f"{size}: {value:g}" for size, value in zip(one.sizes, one.values, strict=True))
        table.add_row(one.label, f"{one.quantity} {one.metric.upper()}", one.unit, values)
    Console().print(table)
    for source in {one.source.label: one.source for one in series}.values():
        typer.echo(f"\n{source.label}: {source.citation}")
        for heading, text in (
            ("Error", source.definition), ("Frames", source.split), ("Uncertainty", source.uncertainty),
            *(("Remark", remark) for remark in source.remarks),
        ):  # fmt: skip
            typer.echo(f"  {heading}: {text}")
