"""A program as an ASE calculator: each calculation in a scratch folder of its own."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.calculator import CalculationFailed, Calculator, all_changes
from jaxtyping import Float

from supple.methods.programs.fill import fill, geometry_lines
from supple.methods.programs.read_results import Crash, read_results
from supple.methods.programs.run_program import run_program
from supple.methods.programs.template import ProgramTemplate

#: Environment variables from which programs take their number of threads.
_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


class Program(Calculator):
    """A program at a level of theory.

    Args:
        template: how it is run.
        level: of theory, in the notation of the template.
        charge, multiplicity: of the molecule.
    """

    implemented_properties = ["energy", "forces"]

    def __init__(self, template: ProgramTemplate, level: str, charge: int = 0, multiplicity: int = 1) -> None:
        super().__init__()
        self.template, self.charge, self.multiplicity = template, charge, multiplicity
        self._values: dict[str, Any] = {
            **template.parts(level),
            "executable": template.executable,
            "charge": charge,
            "multiplicity": multiplicity,
            "unpaired": multiplicity - 1,
            "cores": template.cores or _given_cores(),
            "memory": template.memory,
        }

    def calculate(
        self, atoms: Atoms | None = None, properties: list[str] | None = None, system_changes: list[str] = all_changes
    ) -> None:
        """Energy in eV and forces in eV/Å.

        Raises:
            CalculationFailed: of the last attempt.
            SettingsError: the template has unknown placeholders.
            OSError: the scratch folder cannot be written.
        """
        super().calculate(atoms, properties, system_changes)
        for attempt in self.template.attempts:
            failure: CalculationFailed | None = None
            for _ in range(1 + self.template.retries):
                try:
                    energy, forces = self._run(attempt)
                except Crash as crash:
                    failure = crash
                except CalculationFailed as failed:  # it would fail again
                    failure = failed
                    break
                else:
                    self.results = {"energy": energy, "forces": forces}
                    return
        assert failure is not None
        raise CalculationFailed(str(failure))

    def _run(self, attempt: str) -> tuple[float, Float[np.ndarray, "N 3"]]:
        """One attempt, in a folder of its own."""
        assert self.atoms is not None
        template = self.template
        if template.scratch is not None:
            template.scratch.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(
            prefix="supple-calculation-", dir=template.scratch, ignore_cleanup_errors=True
        ) as made:
            folder = Path(made)
            values = self._values | {"folder": made, "geometry": geometry_lines(self.atoms)}
            values["attempt"] = fill(attempt, values, f"attempts of {template.program}")
            for name, text in template.files.items():
                (folder / name).write_text(fill(text, values, f"{name} of {template.program}"), encoding="utf-8")
            ended = run_program(
                fill(template.command, values, f"The command of {template.program}"),
                folder,
                template.time_limit,
                self._environment(values),
            )
            try:
                return read_results(template, folder, ended, self.atoms, self.charge, self.multiplicity)
            except CalculationFailed:
                if template.keep_failed is not None:
                    shutil.copytree(folder, template.keep_failed / folder.name)
                raise

    def _environment(self, values: Mapping[str, Any]) -> dict[str, str]:
        threads = dict.fromkeys(_THREADS, str(self._values["cores"]))
        own = {
            name: fill(text, values, f"environment of {self.template.program}")
            for name, text in self.template.environment.items()
        }
        return {**os.environ, **threads, **own}


def _given_cores() -> int:
    """The cores that this process has been given: workers are told by the variable that programs read."""
    text = os.environ.get("OMP_NUM_THREADS", "")
    return max(int(text), 1) if text.isdecimal() else 1
