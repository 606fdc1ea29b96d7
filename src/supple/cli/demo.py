"""`supple demo`: a small study of the bundled data."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from supple.cli.console import progress_display
from supple.cli.options import JsonOption
from supple.cli.output_options import OverwriteOption
from supple.cli.resumable import resumable
from supple.cli.study import finish_study
from supple.runtime.output_files import require_writable_folder


def demo(
    out: Annotated[Path, typer.Option(help="Folder of the study.")] = Path("supple-demo"),
    overwrite: OverwriteOption = False,
    json: JsonOption = False,
) -> None:
    """Compare sGDML and SchNet on the bundled data.

    Learning curves for azobenzene and glycine; a few minutes on two cores.
    """
    from supple.study import run_study
    from supple.study.demo import DEMO
    from supple.study.study_file import is_study

    require_writable_folder(out, overwrite=overwrite, own=is_study)
    with progress_display() as progress:
        progress.note(
            "Learning curves of sGDML and SchNet on two bundled data sets, azobenzene and glycine (GFN2-xTB). "
            "To save time, SchNet is trained for only a fraction of its usual number of steps."
        )
        with resumable(progress):
            result = run_study(DEMO, out, progress)
    finish_study(result, DEMO, out, json)
