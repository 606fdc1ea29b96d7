"""One attempt at a cell: train it, and keep a record where it fails, so that the rest of the study goes on."""

from __future__ import annotations

import json
import shutil
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from supple.errors import SettingsError, SuppleError
from supple.runtime.files import write_json
from supple.runtime.progress import Progress
from supple.runtime.run_directory import RunDirectory, differences
from supple.training import Training

FAILURE_FILE = "failed.json"


class CellProgress:
    """Speaks of all steps of one training under the name of its cell: one line for each cell that runs.

    What it notes is kept in the cell's folder, as notes.txt: of dozens of trainings it would be pages.
    """

    def __init__(self, cell: str, directory: Path, listener: Progress) -> None:
        self.cell = cell
        self.directory = directory
        self.listener = listener

    def note(self, sentence: str) -> None:
        """Append the sentence to notes.txt."""
        self.directory.mkdir(parents=True, exist_ok=True)
        with (self.directory / "notes.txt").open("a", encoding="utf-8") as file:
            file.write(sentence + "\n")

    def step(self, task: str, done: float, total: float, detail: str = "") -> None:
        """The step, as a step of the cell."""
        self.listener.step(self.cell, done, total, f"{task} {detail}".strip())


@dataclass(frozen=True)
class Attempt:
    """One attempt; it can be handed to another process.

    Attributes:
        name: of the cell.
        training: what to do.
    """

    name: str
    training: Training

    def __call__(self, progress: Progress) -> str | None:
        """Train; the sentence of the failure, or None when all went well.

        A failure is kept in failed.json in the cell's folder; the next attempt removes it. Where another process is at work in the
        folder, as one that lost whoever had started it may be for a moment, it is waited for.
        """
        directory = self.training.directory
        (directory / FAILURE_FILE).unlink(missing_ok=True)
        try:
            self.training.run(CellProgress(self.name, directory, progress), wait=True)
        except Exception as error:  # whatever goes wrong in one training must not stop the others
            foreseen = isinstance(error, SuppleError)
            message = str(error) if foreseen else _in_words(error)
            record_failure(directory, message, None if foreseen else traceback.format_exc())
            return message
        return None


def record_failure(directory: Path, message: str, details: str | None = None) -> None:
    """Keep what went wrong in the cell's folder."""
    write_json(directory / FAILURE_FILE, {"message": message, "details": details})


def read_failure(directory: Path) -> str | None:
    """What went wrong in a cell's last attempt, or None."""
    try:
        return str(json.loads((directory / FAILURE_FILE).read_text(encoding="utf-8"))["message"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError):
        return "the record of the failure cannot be read"


def is_done(directory: Path, name: str, wanted: dict[str, object]) -> bool:
    """Whether a cell is done; makes room for a new attempt where an old one failed with other settings.

    Args:
        directory: of the cell.
        name: of the cell.
        wanted: the configuration that it must agree with.

    Raises:
        SettingsError: the folder holds a training with other settings, data or split.
    """
    run = RunDirectory(directory)
    if not run.configuration:
        return False
    done = run.result is not None
    differing = differences(run.configuration, json.loads(json.dumps(wanted)))
    if not differing:
        return done
    if not done and read_failure(directory) is not None:
        shutil.rmtree(directory)
        return False
    theirs, ours = _data(run.configuration), _data(wanted)
    if theirs["sha256"] != ours["sha256"]:
        raise SettingsError(
            f"{directory.parent.parent} holds a study in which {name} was trained on other data ({theirs['name']}; now it is "
            f"{ours['name']}): choose another folder (--out), or give the file another name."
        )
    raise SettingsError(
        f"{directory.parent.parent} holds a study in which {name} was trained with other settings "
        f"({'; '.join(differing)}): choose another folder (--out), or delete that one."
    )


def _data(configuration: Mapping[str, Any]) -> dict[str, Any]:
    data: dict[str, Any] = configuration["data"]
    return data


def _in_words(error: BaseException) -> str:
    """An error that nobody foresaw, in a line."""
    first = (str(error).strip().splitlines() or [""])[0]
    return f"{type(error).__name__}: {first}" if first else type(error).__name__
