"""The command line, `supple`: one file for each command, without logic of its own."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

import typer
from typer.core import TyperGroup

from supple.cli.analyse import analyse
from supple.cli.calibrate import calibrate
from supple.cli.check import check
from supple.cli.cite import cite
from supple.cli.convert import convert
from supple.cli.demo import demo
from supple.cli.ending import ending
from supple.cli.evaluate import evaluate
from supple.cli.export import export
from supple.cli.grow import grow
from supple.cli.home import some_home
from supple.cli.ipi import ipi
from supple.cli.md import md
from supple.cli.path import path
from supple.cli.predict import predict
from supple.cli.published import published
from supple.cli.relax import relax
from supple.cli.sample import sample
from supple.cli.scan import scan
from supple.cli.select import select
from supple.cli.streams import encodes, prepare_streams
from supple.cli.study import study
from supple.cli.train import train
from supple.cli.tune import tune
from supple.errors import SettingsError
from supple.runtime.signals import interruptible

#: The commands, under the headings of `supple --help`.
GROUPS: dict[str, tuple[Callable[..., None], ...]] = {
    "Data": (check, convert, sample, select),
    "Train": (train, tune, study, grow),
    "Assess": (evaluate, predict, calibrate, published),
    "Simulate": (md, analyse, relax, scan, path),
    "Other programs": (export, ipi),
    "More": (demo, cite),
}


class Commands(TyperGroup):
    """Commands that end as `ending` says, and help that lists them under their headings, each with its whole summary."""

    def invoke(self, ctx: Any) -> Any:
        """Run a command; what typer makes of interruptions and broken pipes is not what shells expect."""
        with ending():
            _require_utf8(sys.argv)
            return super().invoke(ctx)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write a section for each group, in columns of equal width."""
        width = max(len(name) for name in self.commands)
        for heading, functions in GROUPS.items():
            with formatter.section(heading):
                formatter.write_dl([(function.__name__.ljust(width), summary(function)) for function in functions])


def summary(command: Callable[..., None]) -> str:
    """The first paragraph of a command's docstring, in one line."""
    return " ".join((command.__doc__ or "").partition("\n\n")[0].split())


app = typer.Typer(
    name="supple",
    cls=Commands,
    help="Machine-learned force fields for flexible molecules, from a file of geometries to molecular dynamics.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # Rich's panels cut long words at 80 columns, and make an emoji of the frames 0:100:10
    context_settings={"help_option_names": ["-h", "--help"]},
)
for _functions in GROUPS.values():
    for _function in _functions:
        app.command()(_function)


def _require_utf8(words: list[str]) -> None:
    """Refuse names that no record could contain."""
    for word in words:
        if not encodes(word):
            raise SettingsError(
                f"{word} is not valid UTF-8: rename the file or folder, or set the locale that it was named in."
            )


@app.callback(invoke_without_command=True)
def _top(version: bool = typer.Option(False, "--version", help="Print the version and exit.")) -> None:
    if version:
        from importlib.metadata import version as installed

        typer.echo(f"supple {installed('supple')}")
        raise typer.Exit


def run() -> None:
    """Run the command line; of the processes that torchrun starts, only the first runs it."""
    prepare_streams()
    with interruptible(), some_home():
        if int(os.environ.get("WORLD_SIZE", "1")) > 1:
            from supple.runtime import distributed

            distributed.run(_run)
        else:
            _run()


def _run() -> None:
    with ending():
        app()
