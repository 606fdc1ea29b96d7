"""Atoms that are no elements, and labels of other steps than the positions, are refused in every format."""

import ase
import ase.db
import h5py
import numpy as np
import pytest
from ase.calculators.singlepoint import SinglePointCalculator

from supple.data.reading import read
from supple.data.units import Units
from supple.errors import DataError

# --- elements ---


@pytest.mark.parametrize("symbol", ["X", "0", "119", "-1", "1.5", "nan", "OW", "H1", "D_", "CA", "ca", "8_0"])
@pytest.mark.parametrize("suffix", [".xyz", ".npz", ".h5", "-pos-1.xyz"])
def test_what_is_no_element(tmp_path, water, symbol, suffix):
    path = tmp_path / f"a{suffix}"
    symbols = ["O", "H", symbol]
    if suffix == ".xyz":
        rows = np.hstack([water.positions[0], water.forces[0]]).tolist()
        lines = [f"{s} {' '.join(map(repr, row))}" for s, row in zip(symbols, rows, strict=True)]
        path.write_text("\n".join(["3", "-2079.0", *lines]) + "\n")
    elif suffix == "-pos-1.xyz":
        for kind in ("pos", "frc"):
            _cp2k(tmp_path / f"a-{kind}-1.xyz", water.positions[0], [0], symbols=symbols)
    else:
        arrays = {"positions": water.positions, "energy": water.energies, "forces": water.forces}
        if suffix == ".npz":
            np.savez(path, numbers=np.array(symbols), **arrays)
        else:
            with h5py.File(path, "w") as file:
                for name, array in (arrays | {"numbers": symbols}).items():
                    file[name] = array
    with pytest.raises(
        DataError, match=rf"'{symbol}' (of atom 3|in line 5 \(frame 0\)).* is not an element[:;] write its symbol"
    ):
        read(path, "eV")


@pytest.mark.parametrize(
    ("symbols", "ok"), [(["O", "H", "H"], True), ([b"O", b"H", b"H"], True), ([8.0, 1.0, 1.0], True)]
)
def test_spellings_of_elements(tmp_path, water, symbols, ok):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["numbers"] = [symbols] * 5
        file["positions"], file["energy"], file["forces"] = water.positions, water.energies, water.forces
    assert read(tmp_path / "a.h5", "eV").numbers.tolist() == [8, 1, 1]


def test_an_atom_without_element_in_a_database(tmp_path):
    atoms = ase.Atoms("OHHX", np.arange(12.0).reshape(4, 3))
    atoms.calc = SinglePointCalculator(atoms, energy=-2079.0, forces=np.ones((4, 3)))
    with ase.db.connect(tmp_path / "a.db") as database:
        database.write(atoms)
    with pytest.raises(DataError, match=r"a\.db: 0, of atom 4, is not an atomic number"):
        read(tmp_path / "a.db")


def test_the_atoms_of_an_engrad(file):
    sections = {
        "Number of atoms": ["2"],
        "The current total energy in Eh": ["-1.0"],
        "The current gradient in Eh/bohr": ["0.01"] * 6,
        "The atomic numbers and current coordinates in Bohr": [" 1 0 0 0", " {} 0 0 1.4"],
    }
    text = "".join(f"#\n# {heading}\n#\n" + "\n".join(rows) + "\n" for heading, rows in sections.items())
    assert len(read(file("a.engrad", text.format("1")))) == 1
    with pytest.raises(DataError, match=r"a\.engrad: '400' of atom 2 is not an element"):
        read(file("a.engrad", text.format("400")))
    with pytest.raises(DataError, match=r"a\.engrad is not a complete \.engrad file"):
        read(file("a.engrad", text.format("1") + " 1 0 0 2.8\n"))
    with pytest.raises(DataError, match=r"a\.engrad is not a complete \.engrad file"):
        read(file("a.engrad", text.format("1").replace("0.01", "0_0.01")))


# --- steps ---


def _h5md(path, water, steps=range(5), forces=range(5), energies=range(5), species=None, box=None, **more):
    with h5py.File(path, "w") as file:
        file.create_group("h5md")
        group = file.create_group("particles/all")
        group["species"] = water.numbers if species is None else species
        for name, values, at, unit in (
            ("position", water.positions, steps, "Angstrom"), ("force", water.forces * 96.48533212331, forces, "kJ mol-1 Angstrom-1"),
        ):  # fmt: skip
            group[f"{name}/value"], group[f"{name}/step"] = values, list(at)
            group[f"{name}/value"].attrs["unit"] = unit
        for name, values in ({"potential_energy": water.energies} | more).items():
            file[f"observables/all/{name}/value"] = values
            file[f"observables/all/{name}/step"] = list(energies)
            file[f"observables/all/{name}/value"].attrs["unit"] = "eV"
        group.create_group("box").attrs["boundary"] = ["none"] * 3
        if box is not None:
            group["box"].attrs["boundary"] = ["periodic"] * 3
            group["box/edges"] = box


def test_h5md_of_the_same_steps(tmp_path, water):
    _h5md(tmp_path / "a.h5", water)
    data = read(tmp_path / "a.h5")
    np.testing.assert_allclose(data.energies, water.energies)
    np.testing.assert_allclose(data.forces, water.forces)


@pytest.mark.parametrize(("what", "name"), [("forces", "forces"), ("energies", "potential_energy")])
def test_h5md_of_other_steps(tmp_path, water, what, name):
    _h5md(tmp_path / "a.h5", water, **{what: range(0, 50, 10)})
    with pytest.raises(
        DataError, match=rf"a\.h5: frame 1 has positions of step 1, but {name} of step 10; write both at the same"
    ):
        read(tmp_path / "a.h5")


def test_other_observables_of_other_steps_are_left_out(tmp_path, water):
    _h5md(tmp_path / "a.h5", water)
    with h5py.File(tmp_path / "a.h5", "r+") as file:
        file["observables/temperature/value"], file["observables/temperature/step"] = np.arange(50.0), np.arange(50)
        file["observables/all/pressure/value"], file["observables/all/pressure/step"] = np.arange(5.0), np.arange(5)
    data = read(tmp_path / "a.h5")
    np.testing.assert_allclose(data.energies, water.energies)
    assert data.extras["pressure"].tolist() == [0, 1, 2, 3, 4]
    assert "temperature" not in data.extras


def test_h5md_whose_species_are_an_element(tmp_path, water):
    _h5md(tmp_path / "a.h5", water)
    with h5py.File(tmp_path / "a.h5", "r+") as file:
        del file["particles/all/species"]
        file["particles/all/species/value"] = [water.numbers] * 5
    assert read(tmp_path / "a.h5").numbers.tolist() == [8, 1, 1]
    with h5py.File(tmp_path / "a.h5", "r+") as file:
        file["particles/all/species/value"][3] = [1, 8, 1]
    with pytest.raises(DataError, match="the species of frame 3 are not those of frame 0"):
        read(tmp_path / "a.h5")


def test_h5md_whose_species_are_no_elements(tmp_path, water):
    _h5md(tmp_path / "a.h5", water, species=[8, 1, 400])
    with pytest.raises(DataError, match="'400' of atom 3 in 'species' is not an element"):
        read(tmp_path / "a.h5")


def test_h5md_without_a_potential_energy(tmp_path, water):
    _h5md(tmp_path / "a.h5", water, total_energy=water.energies + 1)
    np.testing.assert_allclose(read(tmp_path / "a.h5").energies, water.energies)
    np.testing.assert_allclose(read(tmp_path / "a.h5", keys="energy=total_energy").energies, water.energies + 1)
    with pytest.raises(DataError, match="has no 'U', which --keys asks for; it has potential_energy, total_energy"):
        read(tmp_path / "a.h5", keys="energy=U")
    with h5py.File(tmp_path / "a.h5", "r+") as file:
        del file["observables/all/potential_energy"]
    with pytest.raises(DataError, match=r"it has total_energy\): .*use --keys energy=total_energy,forces=force"):
        read(tmp_path / "a.h5")


def test_h5md_with_observables_of_the_whole_file(tmp_path, water):
    _h5md(tmp_path / "a.h5", water)
    with h5py.File(tmp_path / "a.h5", "r+") as file:
        file.move("observables/all/potential_energy", "observables/potential_energy")
    np.testing.assert_allclose(read(tmp_path / "a.h5").energies, water.energies)


@pytest.mark.parametrize("edges", [[8.0] * 3, np.eye(3) * 8])
def test_a_molecule_that_the_box_of_h5md_cuts_is_joined(tmp_path, water, edges):
    cut = water.positions % 8.0
    assert np.ptp(cut, axis=1).max() > 6
    whole = type(water).of(water.numbers, cut, water.energies, water.forces)
    _h5md(tmp_path / "a.h5", whole, box=edges)
    data = read(tmp_path / "a.h5")
    np.testing.assert_allclose(
        data.positions - data.positions[:, :1], water.positions - water.positions[:, :1], atol=1e-12
    )


def test_a_periodic_box_of_h5md_without_edges_is_refused(tmp_path, water):
    _h5md(tmp_path / "a.h5", water, box=[8.0] * 3)
    with h5py.File(tmp_path / "a.h5", "r+") as file:
        del file["particles/all/box/edges"]
    with pytest.raises(DataError, match=r"a\.h5 has a periodic box without edges"):
        read(tmp_path / "a.h5")


def _cp2k(path, vectors, steps, energies=None, symbols=("O", "H", "H")):
    lines = []
    for k, step in enumerate(steps):
        energy = f", E = {-17.16 if energies is None else energies[k]}"
        lines += [str(len(symbols)), f" i = {step}, time = 0.0{energy}" if step is not None else "positions"]
        lines += [f"{s} {' '.join(map(repr, row))}" for s, row in zip(symbols, vectors.tolist(), strict=True)]
    path.write_text("\n".join(lines) + "\n")


@pytest.mark.parametrize(
    ("forces", "words"),
    [
        ({"steps": [0, 10]}, r"a-pos-1\.xyz has frame 1 \(step 5\), which a-frc-1\.xyz does not have; print both at the same steps"),
        ({"steps": [None, None]}, r"a-pos-1\.xyz has frame 0 \(step 0\), which a-frc-1\.xyz does not have"),
        ({"steps": [0, 5], "symbols": ["H", "O", "H"]}, r"a-pos-1\.xyz has other atoms in frame 0 \(step 0\) than a-frc-1\.xyz"),
        ({"steps": [0, 5], "energies": [-17.16, -17.2]}, r"has another energy in frame 1 \(step 5\) than a-frc-1\.xyz; copy both"),
    ],
)  # fmt: skip
def test_cp2k_files_of_other_steps(tmp_path, water, forces, words):
    _cp2k(tmp_path / "a-pos-1.xyz", water.positions[0], [0, 5])
    _cp2k(tmp_path / "a-frc-1.xyz", water.forces[0], **forces)
    with pytest.raises(DataError, match=words):
        read(tmp_path / "a-pos-1.xyz")
    assert len(read(tmp_path / "a-pos-1.xyz", labels="optional")) == 2


@pytest.mark.parametrize(
    ("energy", "words"), [("*****", r"'\*\*\*\*\*' is not a number"), ("nan", "has the energy nan")]
)
def test_cp2k_energies_that_are_no_numbers(tmp_path, water, energy, words):
    for kind, vectors in (("pos", water.positions[0]), ("frc", water.forces[0])):
        _cp2k(tmp_path / f"a-{kind}-1.xyz", vectors, [0], [energy])
    with pytest.raises(DataError, match=words):
        read(tmp_path / "a-pos-1.xyz")


def test_the_units_of_a_program_are_never_doubted(file):
    """H2 far apart and with few frames looks like anything; an .engrad is in hartree and bohr."""
    text = (
        "#\n# Number of atoms\n#\n 2\n#\n# The current total energy in Eh\n#\n -0.9\n"
        "#\n# The current gradient in Eh/bohr\n#\n 0\n 0\n 0.001\n 0\n 0\n -0.001\n"
        "#\n# The atomic numbers and current coordinates in Bohr\n#\n 1 0 0 0\n 1 0 0 9.0\n"
    )
    data = read(file("far.engrad", text))
    assert data.source.units == Units.of("hartree", "bohr")
    assert data.source.units_known
    assert not read(file("far.engrad", text), units="hartree,bohr").source.units_known
