"""The command line: what `supple` runs. One file per command, and no logic in any of them."""

from __future__ import annotations

import os
import sys

import typer

from supple.cli.analyse import analyse
from supple.cli.check import check
from supple.cli.cite import cite
from supple.cli.convert import convert
from supple.cli.demo import demo
from supple.cli.evaluate import evaluate
from supple.cli.export import export
from supple.cli.ipi import ipi
from supple.cli.md import md
from supple.cli.path import path
from supple.cli.predict import predict
from supple.cli.published import published
from supple.cli.relax import relax
from supple.cli.sample import sample
from supple.cli.scan import scan
from supple.cli.study import study
from supple.cli.train import train
from supple.cli.tune import tune
from supple.errors import SuppleError

app = typer.Typer(
    name="supple",
    help="Machine-learned force fields for flexible molecules, from a file of geometries to molecular dynamics.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for _command in (
    sample,
    check,
    convert,
    train,
    evaluate,
    predict,
    md,
    analyse,
    relax,
    scan,
    path,
    export,
    ipi,
    study,
    tune,
    published,
    demo,
    cite,
):
    app.command()(_command)


@app.callback(invoke_without_command=True)
def _top(version: bool = typer.Option(False, "--version", help="Print the version and leave.")) -> None:
    if version:
        from importlib.metadata import version as installed

        typer.echo(f"supple {installed('supple')}")
        raise typer.Exit


def run() -> None:
    """Run the command line; of several processes that torchrun has started, in the first."""
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        from supple.runtime import distributed

        distributed.run(_run)
    else:
        _run()


def _run() -> None:
    """A user's mistake is one sentence and exit code 2, Ctrl-C is 130."""
    try:
        app()
    except SuppleError as error:
        sys.stderr.write(f"supple: {error}\n")
        sys.exit(2)
    except BrokenPipeError:  # `supple ... | head`
        sys.stderr.close()
        sys.exit(141)
    except KeyboardInterrupt:
        sys.stderr.write("supple: stopped.\n")
        sys.exit(130)
