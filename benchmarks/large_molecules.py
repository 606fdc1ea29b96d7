"""sGDML for molecules of 22 to 102 atoms: error, time and memory against the number of frames, and what was forecast.

    python benchmarks/large_molecules.py --residues 1,3,5,7,9 --sizes 50,100,200

The molecules are the peptides Ac-(Ala)n-NHMe, with 12 + 10 n atoms and n + 2 methyl groups. Their frames are of Langevin dynamics at 500 K in
a simple classical force field, whose labels take a millisecond: the question is what training costs, and how the error falls. Each
training is a `supple train` of its own with default settings; errors are those of 200 frames that nothing has seen.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import tempfile
import time
from itertools import combinations
from pathlib import Path

import networkx as nx
import numpy as np
import torch
from ase import Atoms, units
from ase.calculators.calculator import Calculator, all_changes
from ase.constraints import FixCom
from ase.md.langevin import Langevin
from ase.md.velocitydistribution import thermalize_momenta
from metric import run
from rdkit import Chem
from rdkit.Chem import rdDistGeom, rdForceFieldHelpers

import supple
from supple import SGDML, Dataset
from supple.molecule.bonds import bond_graph
from supple.runtime.machine import GIB

_KELVIN, _STEP, _FRICTION = 500, 0.5 * units.fs, 0.02 / units.fs
#: Steps between frames, and before the first one.
_EVERY, _FIRST = 40, 2000
#: Charge that an element gives to each neighbour per difference, and van der Waals radii (Å).
_POLARITY, _RADIUS = {1: 0.1, 6: 0.0, 7: -0.15, 8: -0.2}, {1: 1.3, 6: 1.9, 7: 1.8, 8: 1.7}
_VALID, _TEST = 100, 200


class ClassicalField(Calculator):
    """Springs of bonds and angles about a geometry, rotation about bonds, and Lennard-Jones and Coulomb terms of atoms farther apart."""

    implemented_properties = ("energy", "forces")

    def __init__(self, graph: nx.Graph, positions: np.ndarray) -> None:
        super().__init__()
        apart = dict(nx.all_pairs_shortest_path_length(graph, cutoff=3))
        self._bonds = torch.tensor(list(graph.edges))
        self._angles = torch.tensor([(i, j, k) for j in graph for i, k in combinations(graph[j], 2)])
        self._turns = torch.tensor(
            [(i, j, k, m) for j, k in graph.edges for i in graph[j] for m in graph[k] if len({i, j, k, m}) == 4]
        )
        far = [(i, j) for i, j in combinations(graph, 2) if apart[i].get(j, 4) > 2]
        self._far = torch.tensor(far)
        charge = [sum(_POLARITY[graph.nodes[i]["z"]] - _POLARITY[graph.nodes[n]["z"]] for n in graph[i]) for i in graph]
        self._charges = torch.tensor([charge[i] * charge[j] for i, j in far], dtype=torch.float64)
        radii = [_RADIUS[graph.nodes[i]["z"]] for i in graph]
        self._sizes = torch.tensor([radii[i] + radii[j] for i, j in far], dtype=torch.float64)
        r = torch.tensor(positions)
        self._lengths, self._cosines = self._internal(r)

    def _internal(self, r: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Lengths of bonds and cosines of angles."""
        i, j, k = r[self._angles].unbind(1)
        lengths = (r[self._bonds[:, 0]] - r[self._bonds[:, 1]]).norm(dim=1)
        return lengths, torch.nn.functional.cosine_similarity(i - j, k - j)

    def _energy(self, r: torch.Tensor) -> torch.Tensor:
        """The energy of positions in Å, in kcal/mol."""
        lengths, cosines = self._internal(r)
        i, j, k, m = r[self._turns].unbind(1)
        first, second = torch.linalg.cross(i - j, k - j), torch.linalg.cross(j - k, m - k)
        turns = torch.nn.functional.cosine_similarity(first, second)
        far = (r[self._far[:, 0]] - r[self._far[:, 1]]).norm(dim=1)
        contact = (self._sizes / far) ** 6
        return (
            300 * ((lengths - self._lengths) ** 2).sum()
            + 50 * ((cosines - self._cosines) ** 2).sum()
            + 0.3 * (4 * turns**3 - 3 * turns + 1).sum()
            + 0.1 * (contact**2 - 2 * contact).sum()
            + 332 * (self._charges / far).sum()
        )

    def calculate(self, atoms=None, properties=("energy",), system_changes=all_changes) -> None:
        """In eV and eV/Å."""
        super().calculate(atoms, properties, system_changes)
        r = torch.tensor(self.atoms.positions, requires_grad=True)
        energy = self._energy(r) * (units.kcal / units.mol)
        (gradient,) = torch.autograd.grad(energy, r)
        self.results = {"energy": float(energy.detach()), "forces": -gradient.numpy()}


def peptide(residues: int, n_frames: int) -> Dataset:
    """Frames of Ac-(Ala)n-NHMe."""
    molecule = Chem.AddHs(Chem.MolFromSmiles("CC(=O)" + "NC(C)C(=O)" * residues + "NC"))
    rdDistGeom.EmbedMolecule(molecule, randomSeed=1)
    rdForceFieldHelpers.MMFFOptimizeMolecule(molecule)
    atoms = Atoms([a.GetAtomicNum() for a in molecule.GetAtoms()], molecule.GetConformer().GetPositions())
    atoms.calc = ClassicalField(bond_graph(atoms.numbers, atoms.positions[None]), atoms.positions)
    rng = np.random.default_rng(0)
    atoms.set_constraint(FixCom())
    thermalize_momenta(atoms, temperature_K=_KELVIN, rng=rng)
    dynamics = Langevin(atoms, _STEP, temperature_K=_KELVIN, friction=_FRICTION, fixcm=False, rng=rng)
    dynamics.run(_FIRST)
    positions, energies, forces = [], [], []
    for _ in range(n_frames):
        dynamics.run(_EVERY)
        positions.append(atoms.get_positions())
        energies.append(atoms.get_potential_energy())
        forces.append(atoms.get_forces(apply_constraint=False))
    order = rng.permutation(n_frames)
    every = (np.array(one)[order] for one in (positions, energies, forces))
    return Dataset.of(atoms.numbers, *every, name=f"Ac-(Ala){residues}-NHMe")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--residues", default="1,3,5,7,9")
    parser.add_argument("--sizes", default="50,100,200")
    asked = parser.parse_args()
    sizes = [int(size) for size in asked.sizes.split(",")]
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}\n")
    print("| atoms | N | forces, kcal/mol/Å: typical | MAE | RMSE | CPU s | forecast | wall s | GiB | forecast |")
    print(f"|{'---|' * 10}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        seen, unseen = (Path(folder) / name for name in ("seen.xyz", "unseen.xyz"))
        for residues in map(int, asked.residues.split(",")):
            frames = peptide(residues, max(sizes) + _VALID + _TEST)
            test = frames.select(range(max(sizes) + _VALID, len(frames)))
            for size in sizes:
                some = frames.select(range(size + _VALID))
                for file, part in ((seen, some), (unseen, test)):
                    file.unlink(missing_ok=True)
                    supple.write(file, part)
                model = Path(folder) / f"{residues}-{size}.safetensors"
                started, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
                command = ["train", seen, "--model", "sgdml", "--train", size, "--valid", _VALID, "--out", model]
                done = run([*command, "--json"])
                after = resource.getrusage(resource.RUSAGE_CHILDREN)
                wall = time.perf_counter() - started
                cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
                errors = run(["evaluate", model, unseen, "--json"])["forces"]
                forecast = SGDML().estimate_cost(some.select(range(size)), some.select(range(size, len(some))))
                assert test.forces is not None
                typical = statistics.fmean(np.abs(test.forces).ravel()) / (units.kcal / units.mol)
                per_unit = 1 / (units.kcal / units.mol)
                print(
                    f"| {frames.n_atoms} | {size} | {typical:.1f} | {errors['mae'] * per_unit:.3g} | "
                    f"{errors['rmse'] * per_unit:.3g} | {cpu:.0f} | {forecast.seconds:.0f} | {wall:.0f} | "
                    f"{done['peak_rss_bytes'] / GIB:.2g} | {forecast.n_bytes / GIB:.2g} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
