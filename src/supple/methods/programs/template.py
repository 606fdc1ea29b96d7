"""ProgramTemplate: how a program is run for one geometry; a YAML file, Supple's own or the user's."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, PositiveFloat, PositiveInt, ValidationError

from supple.errors import SettingsError, first_line
from supple.runtime.settings_file import read_settings
from supple.runtime.validation import first_problem

_FOLDER = Path(__file__).parent


class Sign(BaseModel):
    r"""What a program prints when it fails, and what that means.

    Attributes:
        says: a regular expression.
        reason: what follows the name of the program in a sentence; \1 stands for the first group of the expression.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    says: str
    reason: str


class ProgramTemplate(BaseModel):
    """How a program is run for one geometry; the YAML file has these keys.

    The texts of `files`, `command`, `attempts` and `environment` are templates of Jinja. They know `geometry` (lines of element and x, y, z in
    Å), `charge`, `multiplicity`, `unpaired` (electrons), `cores`, `memory` (MB), `folder` (the scratch folder), `executable`, `level`, the
    named groups of `level_pattern`, and, besides `attempts`, `attempt`.

    Attributes:
        program: its name.
        like: one of Supple's own templates, from which everything that is not given is taken.
        level: the level of theory, in the notation of the template.
        level_pattern: a regular expression for the whole level; its named groups are placeholders.
        example: of a level, for messages.
        executable: of the program.
        command: by which the shell starts it, in the scratch folder.
        files: that are written there before, name -> content.
        output: the file in which failures and success are looked for; by default what the command prints.
        results: the file with energy and forces, in any format that `supple.read` knows; by default the output.
        units: of the results, where they do not state them.
        success: a regular expression that the output of a complete calculation has.
        failures: what it prints when it fails.
        attempts: further input for the first, second ... attempt; the next one is made when the calculation before it failed.
        version_command: prints the version.
        version_pattern: finds it there.
        environment: variables.
        cores: of one calculation; by default those that the process which runs it has been given.
        memory: of one calculation, MB.
        time_limit: of one attempt, s.
        retries: how often a calculation is repeated when the program crashed, without saying why.
        scratch: folder within which each calculation has one of its own; by default that of the system (TMPDIR).
        keep_failed: a folder to which the files of failed calculations are moved.
        install: how to get the program.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    program: str
    like: str | None = None
    level: str | None = None
    level_pattern: str = ".*"
    example: str | None = None
    executable: str
    command: str
    files: dict[str, str] = Field(default_factory=dict)
    output: str = "standard-output.txt"
    results: str | None = None
    units: str | None = None
    success: str | None = None
    failures: tuple[Sign, ...] = ()
    attempts: tuple[str, ...] = Field(("",), min_length=1)
    version_command: str | None = None
    version_pattern: str = r"(\d+(?:\.\w+)+)"
    environment: dict[str, str] = Field(default_factory=dict)
    cores: PositiveInt | None = None
    memory: PositiveInt = 2000
    time_limit: PositiveFloat = 6 * 3600.0
    retries: NonNegativeInt = 1
    scratch: Path | None = None
    keep_failed: Path | None = None
    install: str | None = None

    @classmethod
    def own(cls, name: str) -> ProgramTemplate:
        """One of Supple's own templates."""
        return cls._of(read_settings(_FOLDER / f"{name}.yaml"), f"{name}.yaml")

    @classmethod
    def from_file(cls, path: Path) -> ProgramTemplate:
        """The template of a user's file.

        Raises:
            SettingsError: the file is missing, a key or value is wrong, or `like` names none of Supple's own.
        """
        content = read_settings(path)
        if (like := content.get("like")) is not None:
            if like not in own_templates():
                raise SettingsError(
                    f"{path}: like: there is no template '{like}'; choose one of {', '.join(own_templates())}."
                )
            content = read_settings(_FOLDER / f"{like}.yaml") | content
        return cls._of(content, str(path))

    @classmethod
    def _of(cls, content: dict[str, Any], name: str) -> ProgramTemplate:
        try:
            made = cls.model_validate(content)
        except ValidationError as error:
            raise SettingsError(f"{name} is not a template of a program: {first_problem(error)}.") from error
        for what, pattern in [
            ("level_pattern", made.level_pattern), ("success", made.success or ""), ("version_pattern", made.version_pattern),
            *(("failures", sign.says) for sign in made.failures),
        ]:  # fmt: skip
            try:
                re.compile(pattern)
            except re.error as error:
                raise SettingsError(
                    f"{name}: {what}: '{pattern}' is not a regular expression ({first_line(error)})."
                ) from error
        outside = [file for file in [*made.files, made.output, made.results or ""] if Path(file).name != file]
        if outside:
            raise SettingsError(
                f"{name}: {outside[0]} is not the name of a file in the scratch folder: leave out the folder."
            )
        return made

    def parts(self, level: str) -> dict[str, str]:
        """The level and its parts, by the names that the texts use.

        Raises:
            SettingsError: it is not one of this program.
        """
        match = re.fullmatch(self.level_pattern, level)
        if match is None or not level:
            example = f": write it as {self.example}" if self.example else ""
            raise SettingsError(f"'{level}' is not a level of theory of {self.program}{example}.")
        return {"level": level} | {name: value or "" for name, value in match.groupdict().items()}

    def digest(self) -> str:
        """A hash of everything by which the template changes the numbers."""
        input_of = [self.files, self.command, self.attempts, self.units, self.output, self.results]
        return hashlib.sha256(json.dumps(input_of, sort_keys=True).encode()).hexdigest()[:8]


def own_templates() -> list[str]:
    """The names of Supple's own templates."""
    return sorted(path.stem for path in _FOLDER.glob("*.yaml"))
