"""The journal of a search (trials.log): Optuna's record of all trials, which any process can open."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from supple.errors import SettingsError
from supple.runtime.files import write_bytes
from supple.runtime.json_records import parse_json
from supple.runtime.optional_dependencies import require_extra

if TYPE_CHECKING:
    import optuna

#: Trials before the search learns from them, and before any is pruned.
N_STARTUP_TRIALS = 8
#: User attribute of a failed trial: what went wrong.
FAILURE = "message"
_STUDY_NAME = "tuning"


def open_journal(out: Path, *, create: bool = False) -> optuna.Study:
    """The journal in the folder of a search; created if there is none and `create`.

    Raises:
        SettingsError: it is damaged beyond what `repair_journal` repairs.
    """
    import optuna
    import optuna.storages.journal

    file = journal_file(out)
    pruner = optuna.pruners.MedianPruner(n_startup_trials=N_STARTUP_TRIALS)
    try:
        storage = optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend(str(file)))
        if create:
            return optuna.create_study(storage=storage, study_name=_STUDY_NAME, load_if_exists=True, pruner=pruner)
        return optuna.load_study(study_name=_STUDY_NAME, storage=storage, pruner=pruner)
    except (AssertionError, AttributeError, KeyError, IndexError, TypeError, ValueError) as error:
        raise SettingsError(
            f"{file} is damaged (Optuna cannot follow its records: {type(error).__name__}): move it away, and run the command again; "
            "completed trials are kept in their folders, and are not trained again if they are proposed again."
        ) from error


def journal_file(out: Path) -> Path:
    """The journal in the folder of a search."""
    return out / "trials.log"


def repair_journal(out: Path) -> str | None:
    """Remove from a journal what an interruption leaves: an incomplete last line, blank lines, zero bytes.

    No record depends on an incomplete one: whoever wrote it was stopped before it could go on. Only for the process
    that alone is using the search.

    Returns:
        A sentence on what was removed, or None.

    Raises:
        SettingsError: another line is no record. Without it, later ones might count for other trials.
    """
    file = journal_file(out)
    if not file.exists():
        return None
    content = file.read_bytes()
    lines = content.split(b"\n")
    kept: list[bytes] = []
    for number, line in enumerate(lines, start=1):
        record = line.strip(b"\0 \t\r")
        if _is_record(record):
            kept.append(record)
        elif record and any(rest.strip(b"\0 \t\r") for rest in lines[number:]):
            raise SettingsError(
                f"Line {number} of {file} is damaged: move the file away, and run the command again; completed trials are kept "
                "in their folders."
            )
    repaired = b"".join(record + b"\n" for record in kept)
    if repaired == content:
        return None
    write_bytes(file, repaired)
    return f"{file} ended in an incomplete line or held blank ones, as an interruption leaves them: these were removed."


def _is_record(line: bytes) -> bool:
    try:
        record = parse_json(line.decode("utf-8"))
    except ValueError:
        return False
    return isinstance(record, dict) and isinstance(record.get("op_code"), int)


def is_complete(trial: optuna.trial.FrozenTrial) -> bool:
    """Whether a trial was trained to its end."""
    return trial.state.name == "COMPLETE"


def is_over(trial: optuna.trial.FrozenTrial) -> bool:
    """Whether a trial is complete, pruned or failed; an interrupted one is resumed under another number."""
    return trial.state.name in ("COMPLETE", "PRUNED") or FAILURE in trial.user_attrs


def require_optuna() -> None:
    """Load Optuna, without its messages.

    Raises:
        SettingsError: it is not installed.
    """
    require_extra("tune", {"optuna": "Optuna"}, "A search for settings")
    quiet_optuna()


def quiet_optuna() -> None:
    """Show only Optuna's errors."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
