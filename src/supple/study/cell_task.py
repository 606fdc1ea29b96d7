"""The training of one cell as a task: where it fails, the failure is recorded, and the rest of the study continues."""

from __future__ import annotations

import json
import shutil
import traceback
from dataclasses import dataclass
from pathlib import Path

from supple.errors import SettingsError, SuppleError, printable
from supple.runtime.files import write_json
from supple.runtime.json_records import read_json
from supple.runtime.progress import Progress
from supple.runtime.run_directory import RunDirectory, differences
from supple.study.study_progress import CellProgress
from supple.training import TrainingConfiguration, TrainingRun

FAILURE_FILE = "failed.json"


@dataclass(frozen=True)
class CellTask:
    """The training of a cell; it can be sent to another process.

    Attributes:
        name: of the cell.
        training: what to train.
    """

    name: str
    training: TrainingRun

    def __call__(self, progress: Progress) -> str | None:
        """Train; what went wrong, as a sentence, or None.

        A failure is kept in failed.json in the cell's folder; the next attempt removes it. If another process is at work in
        the folder, as one whose parent has died may be for a moment, this waits for it.
        """
        directory = self.training.directory
        (directory / FAILURE_FILE).unlink(missing_ok=True)
        try:
            self.training.run(CellProgress(self.name, directory, progress), wait=True)
        except Exception as error:  # whatever goes wrong in one training must not stop the others
            expected = isinstance(error, SuppleError)
            message = str(error) if expected else _one_line(error)
            record_failure(directory, message, None if expected else traceback.format_exc())
            return message
        return None


def record_failure(directory: Path, message: str, details: str | None = None) -> None:
    """Write what went wrong into the cell's folder."""
    write_json(directory / FAILURE_FILE, {"message": message, "details": details})


def read_failure(directory: Path) -> str | None:
    """What went wrong in a cell's last attempt, or None."""
    try:
        return printable(str(read_json(directory / FAILURE_FILE)["message"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError):
        return f"{directory / FAILURE_FILE} cannot be read."


def is_complete(directory: Path, name: str, expected: TrainingConfiguration) -> bool:
    """Whether a cell is complete; removes its folder where an attempt with other settings failed.

    Args:
        directory: of the cell.
        name: of the cell.
        expected: the configuration that it must agree with.

    Raises:
        SettingsError: the folder holds a training with other settings, data or split.
    """
    run = RunDirectory(directory)
    found = run.configuration
    if not found:
        return False
    complete = run.result is not None
    differing = differences(found, json.loads(json.dumps(expected.to_json())))
    if not differing:
        return complete
    if not complete and read_failure(directory) is not None:
        shutil.rmtree(directory)
        return False
    study = directory.parent.parent
    data = found.get("data")
    if isinstance(data, dict) and data.get("sha256") != expected.data.sha256:
        raise SettingsError(
            f"{study} contains a study in which {name} was trained on other data ({data.get('name')}; now it is "
            f"{expected.data.name}): choose another folder (--out), or give the file another name."
        )
    raise SettingsError(
        f"{study} contains a study in which {name} was trained with other settings ({'; '.join(differing)}): "
        "choose another folder (--out), or delete that one."
    )


def _one_line(error: BaseException) -> str:
    """An unexpected error in one line."""
    first = (str(error).strip().splitlines() or [""])[0]
    return f"{type(error).__name__}: {first}" if first else type(error).__name__
