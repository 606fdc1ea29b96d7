"""Model files and records, and how each is read: what a mutated one may be is refused, or the same force field."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from data.reading import format_samples
from fuzzing.oracle import outcome
from toy import toy_dataset
from written_out_kernel import pairs_within, symmetric_weights

from supple import load
from supple.data.splits import Split
from supple.models.kernel.conjugate_gradients import State, Validation
from supple.models.kernel.matern import MATERN_7_2
from supple.models.kernel.molecular_kernel import MolecularKernel, TermParts
from supple.models.kernel.potential import SGDMLPotential
from supple.models.kernel.sgdml_package import save_sgdml_model
from supple.models.metrics import ErrorSummary, Metrics
from supple.models.neural.schnet.potential import SchNetPotential
from supple.models.provenance import Provenance
from supple.models.registry import make_settings
from supple.molecule.descriptors import InverseDistances
from supple.runtime.files import write_json
from supple.runtime.run_directory import RunDirectory
from supple.runtime.settings_file import read_settings
from supple.simulation.dynamics.run_files import RunFiles
from supple.study.study_file import read_record
from supple.training import TrainingResult
from supple.tuning.journal import open_journal, quiet_optuna, repair_journal

_TESTS = Path(format_samples.__file__).parents[2]
_DATA = toy_dataset(6)


@dataclass(frozen=True)
class Record:
    """A file and its reader.

    Attributes:
        path: of the file.
        content: when it is sound.
        read: reads it; raises SuppleError.
        wrong: what is wrong with what was read, or None.
    """

    path: Path
    content: bytes
    read: Callable[[], object]
    wrong: Callable[[object], str | None] = lambda found: None

    def verdict(self, content):
        """`read`, `refused`, or what went wrong with a mutated content."""
        self.path.write_bytes(content)
        found = outcome(self.read)
        if isinstance(found, str):
            return found
        return self.wrong(found) or "read"


def records(folder):
    """Name -> record; `folder` is an empty one to write them in."""
    quiet_optuna()
    made = [*_models(folder), *_runs(folder), _journal(folder / "search")]
    return {record.path.name: record for record in made}


def _models(folder):
    n = len(_DATA.numbers)
    descriptor = InverseDistances(n)
    x = descriptor(torch.tensor(_DATA.positions))
    rng = torch.Generator().manual_seed(3)
    v = torch.randn(x.shape, dtype=torch.float64, generator=rng)
    swap = torch.tensor([[0, 1, 2, 3, 4, 5], [0, 1, 2, 3, 5, 4]])
    action = descriptor.action(swap)
    provenance = Provenance(data_name="toy.xyz", n_train=6, settings={"permutations": swap.tolist(), "lam": 1e-10})
    kernel = SGDMLPotential(_DATA.numbers, MolecularKernel.uniform(8.0, action), x, v, action, 2.0, -3100.0)
    parts = [TermParts(0.3, 0, pairs_within(n, [0, 1, 4])), TermParts(0.7, 1)]
    metric = MolecularKernel(MATERN_7_2, symmetric_weights(action, 2), parts, action)
    learned = SGDMLPotential(_DATA.numbers, metric, x, v, action, 2.0, -3100.0, w=v[:, 0])
    for one in (kernel, learned):
        one.provenance = provenance
    architecture = {"features": 4, "interactions": 1, "gaussians": 5, "cutoff": 4.0, "knots": 40, "shared": False}
    torch.manual_seed(3)
    network = SchNetPotential(_DATA.numbers, architecture, 2.0, -3100.0)
    files = {"kernel.safetensors": kernel, "learned.safetensors": learned, "network.safetensors": network}
    for name, potential in files.items():
        potential.save(folder / name)
        yield _model(folder / name)
    save_sgdml_model(kernel, folder / "kernel.npz", "eV")
    yield _model(folder / "kernel.npz")
    file = folder / "checkpoint.safetensors"
    ones = torch.ones(5, dtype=torch.float64)
    State(ones, ones + 1, ones + 2, ones + 3, ones + 4, 0.5, 3, [Validation(1, 0.1, [0.2])]).save(file)
    yield Record(file, file.read_bytes(), lambda: State.load(file))


def _model(file):
    expected = load(file).predict(_DATA.positions)

    def wrong(potential):
        found = outcome(lambda: potential.predict(_DATA.positions))
        if isinstance(found, str):
            return f"predictions: {found}"
        same = all(np.array_equal(mine, theirs) for mine, theirs in zip(found, expected, strict=True))
        return None if same else "a force field with other predictions"

    return Record(file, file.read_bytes(), lambda: load(file), wrong)


def _runs(folder):
    run = RunDirectory.open(
        folder / "toy.run", {"model": "sgdml", "settings": {"sigma": 8.0}, "indices": {"train": [1, 2]}}
    )
    errors = Metrics(10, ErrorSummary(0.1, 0.2, "eV", 0.4, 0.9), ErrorSummary(0.1, 0.2, "eV/Å"))
    run.finish(asdict(TrainingResult("sgdml", 5, 3, 0, 1.5, 10**8, {"sigma": 8.0}, errors, errors, notes=("a note",))))
    for name, reader in (
        ("run.json", lambda: run.configuration),
        ("result.json", lambda: TrainingResult.read(run.path)),
    ):
        yield Record(run.path / name, (run.path / name).read_bytes(), reader)

    split = run.path / "split.json"
    Split(3, (4, 1, 7), (2, 5), (0, 9)).save(split)
    yield Record(split, split.read_bytes(), lambda: Split.load(split, 10))

    best = folder / "best.yaml"
    best.write_text("# Settings of schnet\nfeatures: 64\ncutoff: 4.5\nlearning_rate: 0.001\nshared: false\n")
    yield Record(best, best.read_bytes(), lambda: make_settings("schnet", read_settings(best)))

    dynamics = _TESTS / "simulation" / "dynamics" / "interrupted_run"
    state = folder / "md.run" / "state.json"
    state.parent.mkdir()
    configuration = json.loads((dynamics / "run.json").read_text())["configuration"]
    write_json(state.with_name("run.json"), {"configuration": configuration, "versions": {}})
    content = (dynamics / "state.json").read_bytes()
    n_atoms = len(json.loads(content)["replicas"][0]["positions"])
    yield Record(state, content, lambda: RunFiles(folder / "md.xyz", np.ones(n_atoms, int), 2, configuration).read())

    study = folder / "study.json"
    dataset = {"file": "a.xyz", "test_file": None, "formula": "CH4O", "n_frames": 60, "n_valid": 6, "n_test": 12,
               "n_duplicates": 0, "sha256": "0" * 64, "units": "energy=eV,length=Å,forces=eV/Å"}  # fmt: skip
    plan = {"datasets": [{"path": "a.xyz", "name": "a"}], "models": ["sgdml"], "sizes": [10], "seeds": [0]}
    cells = [{"dataset": "a", "model": "sgdml", "n_train": 10, "seed": 0}]
    write_json(
        study, {"format_version": 1, "plans": [plan], "datasets": {"a": dataset}, "cells": cells, "versions": {}}
    )
    yield Record(study, study.read_bytes(), lambda: read_record(folder))


def _journal(folder):
    folder.mkdir()
    search = open_journal(folder, create=True)
    for value in (3.0, 1.0, 2.0):
        trial = search.ask()
        trial.suggest_float("sigma", 1.0, 10.0)
        search.tell(trial, value)
    file = folder / "trials.log"

    def read():
        repair_journal(folder)
        return open_journal(folder, create=True).trials

    return Record(file, file.read_bytes(), read)
