"""Programs as methods: `psi4:B3LYP-D3BJ/def2-SVP`, and `template:FILE.yaml` for those that the user describes."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
from functools import cache, partial
from pathlib import Path

from ase.calculators.calculator import Calculator

from supple.errors import SettingsError
from supple.methods import Method
from supple.methods.programs.fill import fill
from supple.methods.programs.run_program import ERRORS, PRINTED, run_program
from supple.methods.programs.template import ProgramTemplate

#: Seconds that a program may take to say its version.
_PATIENCE = 60.0
#: The most that is repeated of what it prints.
_LONGEST = 160


def own_program(name: str, level: str) -> Method:
    """A program of Supple's own templates.

    Raises:
        SettingsError: the level of theory does not have the form of this program.
    """
    return _method(ProgramTemplate.own(name), level)


psi4, nwchem, xtb, mopac, orca, gaussian, qchem = (
    partial(own_program, name) for name in ("psi4", "nwchem", "xtb", "mopac", "orca", "gaussian", "qchem")
)


def from_template(path: str) -> Method:
    """A program that the user describes: `template:FILE.yaml`.

    Raises:
        SettingsError: the file is missing or wrong, or the program is not installed.
    """
    if not path:
        raise SettingsError("Name the file that describes the program: template:FILE.yaml (docs/methods.md).")
    template = ProgramTemplate.from_file(Path(path))
    if template.level is None:
        if template.like is not None:
            raise SettingsError(f"{path} has no level of theory: add a line such as 'level: {template.example}'.")
        template = template.model_copy(update={"level": Path(path).stem})
    assert template.level is not None
    return _method(template, template.level)


def _method(template: ProgramTemplate, level: str) -> Method:
    template.parts(level)

    def calculator(charge: int, multiplicity: int) -> Calculator:
        from supple.methods.programs.program_calculator import Program

        _found(template)
        return Program(template, level, charge, multiplicity)

    return Method(
        level,
        template.program,
        calculator,
        multithreaded=True,
        version=lambda: f"{template.program} {_version(template)}, input {template.digest()}",
        cores=template.cores or 1,
        n_bytes=template.memory * 10**6,
    )


def _found(template: ProgramTemplate) -> Path:
    """The executable.

    Raises:
        SettingsError: there is none of this name.
    """
    found = shutil.which(template.executable)
    if found is None:
        how = f": {template.install}" if template.install else ""
        raise SettingsError(
            f"{template.program} is not installed, or not on the PATH (there is no command {template.executable}){how}; or "
            "give its place in a template (docs/methods.md)."
        )
    return Path(found)


def _version(template: ProgramTemplate) -> str:
    """The version that the program states; a hash of its executable, if the template does not say how to ask for it.

    Raises:
        SettingsError: the program is missing, or does not say its version.
    """
    executable = _found(template).resolve()
    if template.version_command is not None:
        command = fill(template.version_command, {"executable": template.executable}, "version_command")
        said = _said(command, executable, executable.stat().st_mtime_ns)
        if match := re.search(template.version_pattern, said, re.MULTILINE):
            return match.group(match.lastindex or 0)
        lines = [line.strip() for line in said.splitlines() if line.strip()]
        raise SettingsError(
            f"{template.program} does not say its version, so that it may not run here ('{command}' prints "
            f"{lines[-1][:_LONGEST] if lines else 'nothing'}): run that command in a shell, and correct what it reports."
        )
    return f"sha256 {_hash(executable, executable.stat().st_mtime_ns)}"


@cache
def _said(command: str, executable: Path, changed: int) -> str:
    """What a command prints, in an empty folder; asked again when the executable has changed."""
    with tempfile.TemporaryDirectory(prefix="supple-version-", ignore_cleanup_errors=True) as folder:
        run_program(command, Path(folder), _PATIENCE, os.environ)
        return "".join(
            (Path(folder) / name).read_text(encoding="utf-8", errors="replace") for name in (PRINTED, ERRORS)
        )


@cache
def _hash(executable: Path, changed: int) -> str:
    with executable.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:12]
