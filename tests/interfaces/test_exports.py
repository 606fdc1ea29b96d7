"""Exported packages: the graph itself, torch.export, AOTInductor, metatomic through its ASE calculator; plugins."""

import shutil
import subprocess
import sys
from importlib.metadata import EntryPoint

import numpy as np
import pytest
import torch
from interfaces.conftest import assert_same

from supple import Bespoke, Potential
from supple.errors import ModelFileError, SettingsError
from supple.interfaces import exporting, torch_export
from supple.interfaces.export_format import ExportFormat
from supple.interfaces.torch_export import require_equal_output, save_aotinductor, save_torch
from supple.runtime.plugins import Registry

#: Of exported networks against Supple's compiled loops: both compute in single precision, but round differently.
TOLERANCE = {"sgdml": 1e-9, "schnet": 2e-5, "bespoke": 2e-5}


@pytest.fixture(scope="module", params=TOLERANCE)
def potential(request, fitted, toy):
    """A force field of each kind that has a graph: all but sums with a method."""
    return of_kind(request.param, fitted, toy)


def of_kind(kind, fitted, toy):
    return bespoke(toy) if kind == "bespoke" else fitted(kind)


def bespoke(toy, layers=2):
    """One whose graph takes seconds to trace and compile."""
    train, valid, _ = toy
    settings = Bespoke(features=8, layers=layers, steps=20, warmup=5, validate_every=10, device="cpu")
    return settings.fit(train, valid, examined=[])


@pytest.fixture
def far(frames):
    return frames + np.array([200.0, -100.0, 50.0])


def test_the_graph_is_the_force_field(potential, frames, far):
    with torch.no_grad():
        for positions in (frames, far):
            energies, forces = potential.operations()(torch.tensor(positions))
            tolerance = TOLERANCE[potential.kind]
            assert_same(potential, positions, energies.numpy(), forces.numpy(), tolerance)


def test_the_network_of_a_graph_in_double_precision_is_the_formulas(potential, frames):
    if potential.kind == "sgdml":
        pytest.skip("the sum is in double precision anyway")
    graph = potential.operations()
    network = potential.network.to(torch.float64)  # converted back below: the fixture is shared
    try:
        with torch.no_grad():
            r = torch.tensor(frames)
            exact = network.formulas(r)[1] * potential.module.scale
            single = graph(r)[1]
    finally:
        potential.network.to(torch.float32)
    assert (single - exact).abs().max() < 2e-5 * exact.abs().max()


@pytest.fixture(scope="module")
def program(potential, tmp_path_factory):
    """The force field as it is read back from a package."""
    file = tmp_path_factory.mktemp("torch") / f"{potential.kind}.pt2"
    save_torch(potential, file)
    return torch.export.load(file).module()


@pytest.mark.parametrize("count", [1, 2, 8])
def test_torch_export(potential, program, frames, count):
    energies, forces = program(torch.tensor(frames[:count]))
    assert_same(potential, frames[:count], energies.numpy(), forces.numpy(), TOLERANCE[potential.kind])
    expected = potential.operations()(torch.tensor(frames[:count]))
    torch.testing.assert_close((energies, forces), tuple(part.detach() for part in expected), rtol=1e-6, atol=1e-6)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # torch warns about its own code
@pytest.mark.skipif(shutil.which("g++") is None, reason="there is no C++ compiler")
def test_aotinductor(potential, frames, toy, tmp_path):
    if potential.kind == "bespoke":
        potential = bespoke(toy, layers=1)
    save_aotinductor(potential, tmp_path / "model.pt2")
    program = torch._inductor.aoti_load_package(str(tmp_path / "model.pt2"))
    for count in (1, 8):
        energies, forces = program(torch.tensor(frames[:count]))
        assert_same(potential, frames[:count], energies.numpy(), forces.numpy(), TOLERANCE[potential.kind])
    assert "numbers" in program.get_metadata()[torch_export.METADATA]


def test_no_compiler(potential, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SettingsError, match="install g"):
        save_aotinductor(potential, tmp_path / "model.pt2")
    assert not any(tmp_path.iterdir())


def test_a_program_that_computes_something_else_is_refused(potential, frames, tmp_path):
    graph = potential.operations()

    def almost(positions):
        energies, forces = graph(positions)
        return energies, forces * 1.001

    with pytest.raises(ModelFileError, match="was not written"):
        require_equal_output(graph, almost, [torch.tensor(frames)], tmp_path / "model.pt2")
    with pytest.raises(ModelFileError, match="was not written"):
        require_equal_output(graph, lambda r: graph(r[:1]), [torch.tensor(frames)], tmp_path / "model.pt2")


PLUGIN = ExportFormat(
    lambda potential, path, units: path.write_text(f"{potential.kind} {units}"), ".txt", "a text file"
)


def test_a_plugin_adds_a_format(potential, tmp_path, monkeypatch):
    """An entry point of the group `supple.exports` names an ExportFormat."""
    point = EntryPoint("text", f"{__name__}:PLUGIN", "supple.exports")
    monkeypatch.setattr("supple.runtime.plugins.entry_points", lambda group: [point])
    registry = Registry("supple.exports", "export format", {"torch": "supple.interfaces.torch_export:TORCH_EXPORT"})
    monkeypatch.setattr(exporting, "EXPORTS", registry)
    potential.save(tmp_path / "model.safetensors")
    assert exporting.export(tmp_path / "model.safetensors", "text") == (tmp_path / "model.txt", "a text file")
    assert (tmp_path / "model.txt").read_text() == f"{potential.kind} None"
    with pytest.raises(SettingsError, match="choose one of torch, text"):
        exporting.export(tmp_path / "model.safetensors", "gromacs")


class Other(Potential):
    """A kind of force field without `operations`."""

    kind = "other"
    device = torch.device("cpu")

    def energy_and_forces(self, positions):
        return positions.sum(dim=(1, 2)), -torch.ones_like(positions)

    def configuration(self):
        return {}

    @classmethod
    def from_configuration(cls, numbers, configuration, arrays):
        return cls(numbers)


def test_a_kind_that_has_no_graph_says_so(tmp_path):
    with pytest.raises(ModelFileError, match="other force field cannot be exported"):
        save_torch(Other(np.array([1, 1])), tmp_path / "other.pt2")
    assert not any(tmp_path.iterdir())


#: In a separate process, without shape checks, which TorchScript cannot compile.
_METATOMIC = """
import sys, warnings
from pathlib import Path
import numpy as np
from ase import Atoms
from metatomic_ase import MetatomicCalculator
from supple import load
from supple.interfaces.metatomic import save_metatomic

warnings.simplefilter("ignore")
frames = np.load("frames.npy")
for kind in sys.argv[1:]:
    potential = load(f"{kind}.safetensors")
    save_metatomic(potential, Path(f"{kind}.pt"))
    calculator = MetatomicCalculator(f"{kind}.pt", check_consistency=True)
    atoms = [Atoms(potential.numbers, positions, calculator=calculator) for positions in frames]
    energies, forces = [a.get_potential_energy() for a in atoms], [a.get_forces() for a in atoms]
    try:
        Atoms(potential.numbers[::-1], frames[0], calculator=calculator).get_potential_energy()
        refusal = ""
    except Exception as error:
        refusal = str(error)
    try:
        periodic = Atoms(potential.numbers, frames[0], cell=[12] * 3, pbc=True, calculator=calculator)
        periodic.get_potential_energy()
    except Exception as error:
        refusal += str(error)
    np.savez(f"{kind}.npz", energies=energies, forces=forces, refusal=refusal)
"""


@pytest.fixture(scope="module")
def metatomic(fitted, toy, tmp_path_factory):
    """What metatomic's calculator says of each kind of force field; all in one process, whose imports take longest."""
    pytest.importorskip("metatomic.torch", reason="metatomic is not installed")
    folder = tmp_path_factory.mktemp("metatomic")
    for kind in TOLERANCE:
        of_kind(kind, fitted, toy).save(folder / f"{kind}.safetensors")
    np.save(folder / "frames.npy", toy[2].positions[:3])
    done = subprocess.run(
        [sys.executable, "-c", _METATOMIC, *TOLERANCE], cwd=folder, capture_output=True, text=True, timeout=240, check=False
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return {kind: np.load(folder / f"{kind}.npz") for kind in TOLERANCE}


def test_metatomic(potential, frames, metatomic):
    found = metatomic[potential.kind]
    assert "not the molecule of this Supple force field" in str(found["refusal"])
    assert "a free molecule: set pbc to False" in str(found["refusal"])
    assert_same(potential, frames[:3], found["energies"], found["forces"], TOLERANCE[potential.kind])
