"""Files that are not a model, or not a whole one, or not ours."""

import json

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.torch import save_file

from supple import Dataset, load
from supple.errors import ModelFileError, MoleculeError


@pytest.fixture
def file(potential, tmp_path):
    path = tmp_path / "model.safetensors"
    potential.save(path)
    return path


def rewrite_header(path, change):
    with safe_open(path, framework="pt") as opened:
        header = json.loads(opened.metadata()["supple"])
        arrays = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
    change(header, arrays)
    save_file(arrays, path, metadata={"supple": json.dumps(header)})


def test_missing(tmp_path):
    with pytest.raises(ModelFileError, match="no model file"):
        load(tmp_path / "none.safetensors")


@pytest.mark.parametrize("fraction", [0.0, 0.01, 0.5, 0.99])
def test_cut_short(file, fraction):
    content = file.read_bytes()
    file.write_bytes(content[: int(len(content) * fraction)])
    with pytest.raises(ModelFileError, match=r"not a Supple model, or it is cut short"):
        load(file)


def test_text_is_not_a_model(tmp_path):
    path = tmp_path / "notes.safetensors"
    path.write_text("these are my notes, and they are longer than a header\n" * 10)
    with pytest.raises(ModelFileError, match="not a Supple model"):
        load(path)


def test_safetensors_of_another_program(file):
    with safe_open(file, framework="pt") as opened:
        arrays = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
    save_file(arrays, file, metadata={"format": "pt"})
    with pytest.raises(ModelFileError, match="no Supple header"):
        load(file)


def test_newer_version(file):
    rewrite_header(file, lambda header, arrays: header.update(format_version=99))
    with pytest.raises(
        ModelFileError, match="newer version of Supple: it has format version 99, this version reads up to 1"
    ):
        load(file)


def test_another_kind(file):
    rewrite_header(file, lambda header, arrays: header.update(kind="oracle"))
    with pytest.raises(ModelFileError, match="oracle"):
        load(file)


def test_missing_array(file):
    rewrite_header(file, lambda header, arrays: arrays.pop(sorted(arrays)[-1]))
    with pytest.raises(ModelFileError, match="contents do not match"):
        load(file)


def test_another_molecule(potential, toy):
    with pytest.raises(MoleculeError, match=r"contains C2H6, but the force field was trained on CH4O"):
        potential.evaluate(Dataset.of([6, 6, 1, 1, 1, 1, 1, 1], np.zeros((1, 8, 3)), [0.0], np.zeros((1, 8, 3))))


def test_another_atom_order(potential, toy):
    test = toy[2]
    order = np.argsort(test.numbers, kind="stable")
    shuffled = Dataset.of(test.numbers[order], test.positions[:, order], test.energies, test.forces[:, order])
    with pytest.raises(MoleculeError, match=r"another order.*atom 1 is H in the file and C in the force field"):
        potential.evaluate(shuffled)


def test_wrong_number_of_atoms(potential):
    with pytest.raises(MoleculeError, match="6 atoms"):
        potential.predict(np.zeros((2, 5, 3)))
