"""RunDirectory: a folder that explains itself, and from which the same command goes on.

run.json            what was asked for: model, settings, data, split, seed, versions
metrics.jsonl       one JSON object a line, as training goes on
model.safetensors   the best model so far
checkpoint.*        what training needs to go on; removed when it is done
predictions.*       of the test frames
result.json         written last: its presence means that the run is done
"""

from __future__ import annotations

import fcntl
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from supple.errors import SettingsError, SuppleError
from supple.runtime.files import write_json
from supple.runtime.machine import versions


class RunDirectory:
    """One run on disk. Opening it again with the same configuration resumes it."""

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        self._new = False

    @classmethod
    def open(cls, path: Path, configuration: dict[str, Any]) -> RunDirectory:
        """Begin a run, or go on with one.

        Raises:
            SettingsError: the directory holds a run of another configuration; the sentence says what differs.
        """
        run = cls(path)
        wanted = json.loads(json.dumps(configuration))
        if run._file.exists():
            differing = differences(run.configuration, wanted)
            if differing:
                raise SettingsError(
                    f"{path} holds a run with other settings ({'; '.join(differing)}): "
                    "choose another output, or delete that folder to start anew."
                )
        else:
            run._new = not run.path.exists()
            run.path.mkdir(parents=True, exist_ok=True)
            write_json(run._file, {"configuration": wanted, "versions": versions()})
        return run

    @property
    def _file(self) -> Path:
        return self.path / "run.json"

    @property
    def configuration(self) -> dict[str, Any]:
        """What was asked for when the run began; empty when the directory holds no run."""
        return dict(self._read(self._file).get("configuration", {})) if self._file.exists() else {}

    @property
    def model_file(self) -> Path:
        """The best model so far."""
        return self.path / "model.safetensors"

    @property
    def checkpoint_file(self) -> Path:
        """What training needs to go on."""
        return self.path / "checkpoint.safetensors"

    @property
    def result(self) -> dict[str, Any] | None:
        """The result, or None while the run is not done."""
        file = self.path / "result.json"
        return self._read(file) if file.exists() else None

    @property
    def predictions_file(self) -> Path:
        """What the finished model says of the test frames."""
        return self.path / "predictions.safetensors"

    def log(self, record: dict[str, Any]) -> None:
        """Append a line to metrics.jsonl."""
        with (self.path / "metrics.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")

    def finish(self, result: dict[str, Any]) -> None:
        """Write the result, which marks the run as done, and remove the checkpoint."""
        write_json(self.path / "result.json", result)
        self.checkpoint_file.unlink(missing_ok=True)

    @contextmanager
    def claimed(self, *, wait: bool = False) -> Iterator[None]:
        """Keep the run for this process; the system lets go of it however the process ends.

        Args:
            wait: until another process that is at work in it has ended.

        Raises:
            SettingsError: another process is at work in it.
        """
        with (self.path / ".lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            except BlockingIOError as error:
                raise SettingsError(
                    f"Another process is at work in {self.path}: wait until it is done, or stop it."
                ) from error
            yield

    @contextmanager
    def gone_if_refused(self) -> Iterator[None]:
        """Remove the folder of a run that is refused right after it began, so that nothing half-written is left."""
        try:
            yield
        except SuppleError:
            if self._new and not self.model_file.exists() and not self.checkpoint_file.exists():
                shutil.rmtree(self.path, ignore_errors=True)
            raise

    @staticmethod
    def _read(file: Path) -> dict[str, Any]:
        try:
            content = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise SettingsError(f"{file} cannot be read ({error}): delete its folder to start anew.") from error
        if not isinstance(content, dict):
            raise SettingsError(f"{file} is not a run's record: delete its folder to start anew.")
        return content

    def __repr__(self) -> str:
        return f"RunDirectory({self.path}, {'done' if self.result else 'not done'})"


def differences(found: Any, wanted: Any, at: str = "") -> list[str]:
    """What differs between two configurations, as `settings.sigma is 10 there, 20 now`."""
    if isinstance(found, dict) and isinstance(wanted, dict):
        rows: list[str] = []
        for key in dict.fromkeys([*found, *wanted]):
            rows += differences(found.get(key), wanted.get(key), f"{at}.{key}" if at else key)
        return rows
    return [] if found == wanted else [f"{at} is {_short(found)} there, {_short(wanted)} now"]


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 40 else text[:37] + "..."
