"""RunDirectory: a folder with all that belongs to one run; the same command resumes the run from it.

run.json            the kind of run, its configuration (model, settings, data, split, seed) and the versions of what computed it
metrics.jsonl       one JSON object a line, during training
model.safetensors   the best model so far
checkpoint.*        what training needs to resume; removed when it is complete
predictions.*       of the test frames
result.json         written last: its presence means that the run is complete
.lock               held by the process that is working on the run
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from supple.errors import OutputError, SettingsError, SuppleError
from supple.runtime.failures import naming
from supple.runtime.files import drop_partial_line, write_json
from supple.runtime.json_records import read_json
from supple.runtime.locks import locked
from supple.runtime.machine import versions
from supple.runtime.output_files import require_writable_folder
from supple.runtime.validation import first_problem

#: A JSON object; what it holds is up to whoever opens the run directory.
JsonObject = dict[str, Any]


@dataclass(frozen=True)
class RunRecord:
    """The content of run.json.

    Attributes:
        configuration: what the run computes; two runs with the same one are the same run.
        versions: of the packages that the run was started with.
        kind: what the folder is for, such as `training`; empty in records of earlier versions.
    """

    configuration: JsonObject
    versions: dict[str, str] = field(default_factory=dict)
    kind: str = ""


class RunDirectory:
    """One run on disk. Opening it again with the same configuration resumes it."""

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        self._new = False
        self._logged = False

    @classmethod
    def open(
        cls, path: Path, configuration: Mapping[str, Any], kind: str = "training", advice: str = "choose another output"
    ) -> RunDirectory:
        """Start a run, or open one in order to resume it.

        Args:
            path: of the folder.
            configuration: what the run computes.
            kind: what the folder is for, as users call it.
            advice: what to do if the folder has a run with another configuration, besides deleting it.

        Raises:
            SettingsError: the directory contains a run of another kind, or with another configuration (the message lists
                the differences), or its record is damaged.
            OutputError: it is a file, or contains other files and no record of a run.
        """
        run = cls(path)
        requested = json.loads(json.dumps(configuration))
        if run._file.exists():
            run._require_same(requested, kind, advice)
            return run
        run._require_empty()
        run._new = not run.path.exists()
        run.path.mkdir(parents=True, exist_ok=True)
        write_json(run._file, asdict(RunRecord(requested, versions(), kind)))
        return run

    def _require_same(self, requested: JsonObject, kind: str, advice: str) -> None:
        """Refuse a run of another kind or configuration."""
        record = self._record()
        if record.kind not in ("", kind):
            raise SettingsError(f"{self.path} belongs to a run of another kind ({record.kind}): choose another output.")
        differing = differences(record.configuration, requested)
        if differing:
            raise SettingsError(
                f"{self.path} contains a run with other settings ({'; '.join(differing)}): "
                f"{advice}, or delete that folder to start again."
            )

    def _require_empty(self) -> None:
        """Refuse a folder with files but without the record of a run: it belongs to the user, or is damaged.

        Another process that starts the same run at this moment is no obstacle: its lock, or by now its record.
        """
        require_writable_folder(self.path, overwrite=True)
        others = self.path.is_dir() and any(not file.name.startswith(".") for file in self.path.iterdir())
        if others and not self._file.exists():
            raise OutputError(
                f"The folder {self.path} has files but no run.json, without which its run cannot be resumed: choose another "
                "output, or move that folder away."
            )

    @property
    def _file(self) -> Path:
        return self.path / "run.json"

    @property
    def configuration(self) -> JsonObject:
        """The configuration that the run was started with; empty when the directory holds no run."""
        return self._record().configuration if self._file.exists() else {}

    @property
    def model_file(self) -> Path:
        """The best model so far."""
        return self.path / "model.safetensors"

    @property
    def checkpoint_file(self) -> Path:
        """What training needs to resume."""
        return self.path / "checkpoint.safetensors"

    @property
    def result(self) -> JsonObject | None:
        """The content of result.json, or None while the run is not complete."""
        file = self.path / "result.json"
        return _read(file) if file.exists() else None

    @property
    def predictions_file(self) -> Path:
        """The finished model's predictions of the test frames."""
        return self.path / "predictions.safetensors"

    def log(self, record: Mapping[str, Any]) -> None:
        """Append a line to metrics.jsonl."""
        metrics = self.path / "metrics.jsonl"
        if not self._logged and metrics.exists():
            drop_partial_line(metrics)
        self._logged = True
        with naming(metrics), metrics.open("a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")

    def finish(self, result: Mapping[str, Any]) -> None:
        """Write the result, which marks the run as complete, and remove the checkpoint."""
        write_json(self.path / "result.json", result)
        self.checkpoint_file.unlink(missing_ok=True)

    def claimed(self, *, wait: bool = False) -> AbstractContextManager[None]:
        """Reserve the run for this process during the block; the claim ends with the process, however it ends.

        Args:
            wait: for another process that is working on the run to end, instead of refusing.

        Raises:
            SettingsError: another process is working on the run.
        """
        refusal = f"Another process is using {self.path}: wait until it ends, or stop it."
        return locked(self.path / ".lock", refusal, wait=wait)

    @contextmanager
    def removed_if_refused(self) -> Iterator[None]:
        """Remove the folder of a run that is refused right after it was started, so that nothing incomplete is left."""
        try:
            yield
        except SuppleError:
            if self._new and not self.model_file.exists() and not self.checkpoint_file.exists():
                shutil.rmtree(self.path, ignore_errors=True)
            raise

    def _record(self) -> RunRecord:
        from pydantic import TypeAdapter, ValidationError

        try:
            return TypeAdapter(RunRecord).validate_python(_read(self._file))
        except ValidationError as error:
            raise SettingsError(
                f"{self._file} is not the record of a run ({first_problem(error)}): delete its folder to start again."
            ) from error

    def __repr__(self) -> str:
        return f"RunDirectory({self.path}, {'complete' if self.result else 'not complete'})"


def _read(file: Path) -> JsonObject:
    try:
        content = read_json(file)
    except (OSError, ValueError) as error:
        raise SettingsError(f"{file} cannot be read ({error}): delete its folder to start again.") from error
    if not isinstance(content, dict):
        raise _not_a_record(file)
    return content


def _not_a_record(file: Path) -> SettingsError:
    return SettingsError(f"{file} is not the record of a run: delete its folder to start again.")


def differences(stored: Any, requested: Any, path: str = "") -> list[str]:
    """What differs between two configurations, as `settings.sigma was 10, is now 20`."""
    if isinstance(stored, dict) and isinstance(requested, dict):
        rows: list[str] = []
        for key in dict.fromkeys([*stored, *requested]):
            rows += differences(stored.get(key), requested.get(key), f"{path}.{key}" if path else key)
        return rows
    if stored == requested:
        return []
    was, now = _shortened(stored), _shortened(requested)
    return [f"{path} was {was}, is now {now}" if was != now else f"{path} differs"]


def _shortened(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 40 else text[:37] + "..."
