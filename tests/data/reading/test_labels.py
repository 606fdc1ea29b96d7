"""Energy and forces are read as one set of one source, or asked for: in xyz, archives, databases and HDF5 alike."""

import ase
import ase.db
import h5py
import numpy as np
import pytest
from ase.calculators.singlepoint import SinglePointCalculator

import supple
from supple.data.dataset import Dataset
from supple.data.reading import read, survey
from supple.data.units import ENERGY, LENGTH
from supple.data.writing import write
from supple.errors import DataError, SettingsError, UnitsError

#: Beside the right labels stand wrong ones, by which a mistake would be seen.
WRONG = 1.5


@pytest.fixture
def labelled(water, tmp_path):
    """Write water with energies and forces under these names, the right ones or `WRONG` times as large; in each format."""

    def make(suffix, energies, forces, **more):
        values = {name: water.energies if right else water.energies + WRONG for name, right in energies.items()}
        vectors = {name: water.forces if right else water.forces * WRONG for name, right in forces.items()}
        path = tmp_path / f"a{suffix}"
        path.unlink(missing_ok=True)
        _WRITE[suffix](
            path, water, values | {name: np.full(len(water), number) for name, number in more.items()}, vectors
        )
        return path

    return make


def _xyz(path, water, values, vectors):
    columns = "species:S:1:pos:R:3" + "".join(f":{name}:R:3" for name in vectors)
    with path.open("w") as file:
        for m in range(len(water)):
            pairs = " ".join(f'"{name}"={float(value[m])!r}' for name, value in values.items())
            file.write(f"{water.n_atoms}\nProperties={columns} {pairs}\n")
            rows = np.hstack([water.positions[m], *(v[m] for v in vectors.values())]).tolist()
            file.writelines(f"{s} {' '.join(map(repr, row))}\n" for s, row in zip(water.symbols, rows, strict=True))


def _npz(path, water, values, vectors):
    np.savez(path, numbers=water.numbers, positions=water.positions, **values, **vectors)


def _hdf5(path, water, values, vectors):
    with h5py.File(path, "w") as file:
        for name, array in {"numbers": water.numbers, "positions": water.positions, **values, **vectors}.items():
            file[name] = array


def _db(path, water, values, vectors):
    """Energy, free energy and forces as results of a calculator, others as key-value pairs and data."""
    with ase.db.connect(path) as database:
        for m in range(len(water)):
            atoms = ase.Atoms(water.numbers, water.positions[m])
            here = {name: array[m] for name, array in (values | vectors).items()}
            results = {name: here.pop(name) for name in ("energy", "free_energy", "forces") if name in here}
            atoms.calc = SinglePointCalculator(atoms, **results)
            pairs = {name: float(here.pop(name)) for name in list(here) if name in values and " " not in name}
            database.write(atoms, data=here, **pairs)


_WRITE = {".xyz": _xyz, ".npz": _npz, ".h5": _hdf5, ".db": _db}
FORMATS = pytest.mark.parametrize("suffix", list(_WRITE))


def same(data, water):
    np.testing.assert_allclose(data.energies, water.energies, rtol=1e-12)
    np.testing.assert_allclose(data.forces, water.forces, rtol=1e-12)


@FORMATS
@pytest.mark.parametrize(
    ("energies", "forces", "more"),
    [
        ({"energy": True}, {"forces": True}, {"energy_cutoff": 500.0, "homo_energy": -5.0}),
        ({"E_dft": True, "gibbs_free_energy": False}, {"forces": True}, {"zpve": 0.5}),
        ({"TotEnergy": True, "formation_energy": False}, {"forces": True}, {}),
        ({"REF_energy": True, "energy": False}, {"REF_forces": True}, {}),
        ({"energy": True, "dispersion_energy": False}, {"forces": True, "dispersion_forces": False}, {}),
        ({"energy": True, "REF_energy": False}, {"forces": True}, {}),
        ({"energy": True}, {"forces": True, "mlip_forces": False}, {}),
        ({"mace_energy": True}, {"MACE_forces": True}, {}),
        ({"potential_energy": True, "total_energy": False}, {"forces": True}, {"kinetic_energy": 1.5}),
        ({"electronic_energy": False, "total_energy": True}, {"forces": True}, {"nuclear_repulsion_energy": 9.2}),
        ({"scf_energy": False, "mp2_energy": True}, {"mp2_forces": True}, {}),
    ],
)  # fmt: skip
def test_one_set_is_read(labelled, water, suffix, energies, forces, more):
    same(read(labelled(suffix, energies, forces, **more), "eV"), water)


@FORMATS
@pytest.mark.parametrize(
    ("energies", "forces", "what", "choice"),
    [
        (["energy", "REF_energy"], ["forces", "REF_forces"], "2 sets of energies and forces", ("REF_energy", "REF_forces")),
        (["dft_energy", "mace_energy"], ["dft_forces", "MACE_forces"], "2 sets of", ("mace_energy", "MACE_forces")),
        (["dft_energy", "mace_energy"], ["forces"], r"could be the energy \(", ("dft_energy", "forces")),
        (["E", "dft_energy"], ["forces"], r"could be the energy \(", ("E", "forces")),
        (["energy", "total_energy"], ["forces"], r"could be the energy \(", ("total_energy", "forces")),
        (["energy"], ["dft_forces", "mlip_forces"], r"could be the forces \(", ("energy", "mlip_forces")),
        (["mace_energy", "energy"], ["mace_forces"], r"could be the energy \(", ("mace_energy", "mace_forces")),
        (["energy"], ["MACE_forces"], "of different sources", ("energy", "MACE_forces")),
        (["REF_energy"], ["dft_forces"], "of different sources", ("REF_energy", "dft_forces")),
        (["gibbs_free_energy"], ["forces"], "no energy that by its name", ("gibbs_free_energy", "forces")),
        (["energy_per_atom"], ["forces"], "no energy that by its name", ("energy_per_atom", "forces")),
    ],
)  # fmt: skip
def test_others_are_asked_for_with_what_to_type(labelled, water, suffix, energies, forces, what, choice):
    right = {name: name == choice[0] for name in energies}, {name: name == choice[1] for name in forces}
    path = labelled(suffix, *right)
    keys = f"energy={choice[0]},forces={choice[1]}"
    with pytest.raises(DataError, match=what) as caught:
        read(path, "eV")
    assert f"--keys {keys}" in str(caught.value)
    assert all(name in str(caught.value) for name in (*energies, *forces))
    same(read(path, "eV", keys), water)
    defect = survey(path, "eV").defects[0]
    assert (defect.name, defect.sentence) == ("labels-unclear", str(caught.value))


@FORMATS
def test_a_key_for_one_of_them_chooses_its_set(labelled, water, suffix):
    path = labelled(suffix, {"energy": False, "REF_energy": True}, {"forces": False, "REF_forces": True})
    same(read(path, "eV", "energy=REF_energy"), water)
    same(read(path, "eV", "forces=REF_forces"), water)


@FORMATS
def test_forces_alone_on_request(labelled, water, suffix):
    path = labelled(suffix, {"gibbs_free_energy": True}, {"forces": True})
    data = read(path, "eV", "energy=none")
    assert not data.has_energies
    np.testing.assert_allclose(data.forces, water.forces, rtol=1e-12)


@FORMATS
def test_a_cutoff_alone_is_no_energy(labelled, suffix):
    assert not read(labelled(suffix, {}, {"forces": True}, energy_cutoff=500.0), "eV").has_energies


def test_names_with_blanks_are_quoted(labelled, water):
    path = labelled(".xyz", {"first total energy": True, "second total energy": False}, {"forces": True})
    with pytest.raises(DataError, match="--keys 'energy=first total energy,forces=forces' or"):
        read(path)
    same(read(path, keys="energy=first total energy,forces=forces"), water)


def test_keys_that_were_given_stay_in_what_to_type(tmp_path, water):
    arrays = {"at": water.numbers, "xyz": water.positions, "a_energy": water.energies, "b_energy": water.energies}
    np.savez(tmp_path / "a.npz", **arrays, forces=water.forces)
    with pytest.raises(DataError, match="--keys numbers=at,positions=xyz,energy=a_energy,forces=forces or"):
        read(tmp_path / "a.npz", "eV", "numbers=at,positions=xyz")


def test_a_factor_is_a_number_like_any_other():
    with pytest.raises(SettingsError, match="'\\*1_0' in the key"):
        read("a.xyz", keys="forces=F*1_0")


def test_optional_labels_that_are_unclear_are_left_out(labelled):
    path = labelled(".xyz", {"energy": True}, {"MACE_forces": True})
    data = read(path, "eV", labels="optional")
    assert not data.has_energies
    assert data.forces is None
    data = read(labelled(".xyz", {"a_energy": True, "b_energy": False}, {"forces": True}), "eV", labels="optional")
    assert not data.has_energies
    assert data.forces is not None


# --- free energies ---


@FORMATS
def test_the_free_energy_of_electrons_is_what_forces_are_the_derivative_of(labelled, water, suffix):
    path = labelled(suffix, {"energy": True}, {"forces": True})
    atoms = [ase.Atoms(water.numbers, r) for r in water.positions]
    for m, frame in enumerate(atoms):
        frame.calc = SinglePointCalculator(
            frame, energy=water.energies[m], free_energy=water.energies[m] - 0.08, forces=water.forces[m]
        )
    ase.io.write(path.with_suffix(".traj"), atoms)
    values = {"energy": water.energies, "free_energy": water.energies - 0.08}
    path.unlink()
    _WRITE[suffix](path, water, values, {"forces": water.forces})
    for data in (read(path, "eV"), read(path.with_suffix(".traj"))):
        np.testing.assert_allclose(data.energies, water.energies - 0.08, rtol=1e-12)
    same(read(path, "eV", "energy=energy"), water)


@FORMATS
def test_a_free_energy_of_thermochemistry_is_asked_for(labelled, water, suffix):
    path = labelled(suffix, {"energy": True, "free_energy": False}, {"forces": True})
    with pytest.raises(
        DataError, match="not the free energy of electrons: choose with --keys energy=energy,forces=forces"
    ):
        read(path, "eV")
    same(read(path, "eV", "energy=energy"), water)


def test_a_free_energy_far_below_is_of_another_unit(file):
    head = "1\nProperties=species:S:1:pos:R:3:forces:R:3"
    with pytest.raises(DataError, match="not the free energy of electrons"):
        read(file("a.xyz", f"{head} energy=-20.0 free_energy=-78.8\nHe 0 0 0 0 0 1\n"), "eV")


@pytest.mark.parametrize("second", [".npz", ".xyz", ".db"])
def test_what_is_written_has_one_energy(labelled, water, tmp_path, second):
    path = tmp_path / "b.xyz"
    _xyz(path, water, {"energy": water.energies + 0.1, "free_energy": water.energies}, {"forces": water.forces})
    data = read(path)
    np.testing.assert_allclose(data.extras["unsmeared_energy"], water.energies + 0.1)
    write(tmp_path / f"c{second}", data)
    again = read(tmp_path / f"c{second}")
    same(again, water)
    np.testing.assert_allclose(again.extras["unsmeared_energy"], water.energies + 0.1)
    _xyz(path, water, {"energy": water.energies, "free_energy": water.energies}, {"forces": water.forces})
    assert dict(read(path).extras) == {}


# --- comments of xyz ---


@pytest.mark.parametrize(
    "comment",
    [
        'comment="previous energy=-1.0" energy=-2079.0',
        "comment='previous energy=-1.0' energy=-2079.0",
        '"previous energy=-1.0 eV" energy=-2079.0',
        'energy=-2079.0 "previous energy=-1.0 eV"',
        "energy=-2079.0 'previous energy=-1.0 eV'",
        'energy=-2079.0 note="never closed energy=-1.0',
        'info="_JSON {\\"energy\\": -1.0}" energy=-2079.0',
        "don't energy=-2079.0 it's",
        "i=0, E=-2079.0, step=1",
        "energy=-2079.0; step=1",
        "energy=-2079.0 energy=-2079.0",
    ],
)
def test_which_text_is_an_energy(file, comment):
    head = "1\nProperties=species:S:1:pos:R:3:forces:R:3"
    assert read(file("a.xyz", f"{head} {comment}\nHe 0 0 0 0 0 1\n"), "eV").energies.tolist() == [-2079.0]


@pytest.mark.parametrize(
    ("comment", "words"),
    [
        (
            "energy=-2079.0 energy=-2080.0",
            r"frame 0 \(line 2\) states 'energy' twice \(-2079.0 and -2080.0\): remove one",
        ),
        ("E=-2079,5", "the energy '-2079,5' of frame 0 .* is not a number"),
        ("E=-2079.0eV", "the energy '-2079.0eV' of frame 0 .* is not a number"),
        ("dft_energy=*****", r"the energy '\*\*\*\*\*' of frame 0 .* is not a number"),
        ("energy=1_000", "the energy '1_000' of frame 0 .* is not a number"),
        ("energy=0x1F", "the energy '0x1F' of frame 0 .* is not a number"),
        ("E=infinity", "the energy 'infinity' of frame 0 .* is not a number"),
    ],
)
def test_energies_that_are_refused(file, comment, words):
    head = "1\nProperties=species:S:1:pos:R:3:forces:R:3"
    with pytest.raises(DataError, match=words):
        read(file("a.xyz", f"{head} {comment}\nHe 0 0 0 0 0 1\n"), "eV")


@pytest.mark.parametrize("number", ["1_2.5", "0x1", "١"])
def test_what_only_python_takes_for_a_number(file, number):
    with pytest.raises(DataError, match=rf"'{number}' in line 3 \(frame 0\), column 4, is not a number"):
        read(file("a.xyz", f"1\n-2079.0\nHe 0 0 {number} 0 0 1\n"), "eV")


@pytest.mark.parametrize(
    "comment", ["-2079,5", "-2_079.0", "0x1F", "*****", "-2079.0 eV", "-2079.0eV", "-47942.9 kcal/mol"]
)
def test_plain_comments_that_were_meant_to_be_energies_are_refused(file, comment):
    with pytest.raises(DataError, match=r"the energy '.*' of frame 0 \(line 2\) is not a number"):
        read(file("a.xyz", f"1\n{comment}\nHe 0 0 0 0 0 1\n"), "eV")


@pytest.mark.parametrize(
    "comment", ["1,2-dichloroethane", "2 water molecules", "frame 5", "12.0 12.0 12.0", "***helium***"]
)
def test_plain_comments_that_are_titles(file, comment):
    assert not read(file("a.xyz", f"1\n{comment}\nHe 0 0 0 0 0 1\n"), "eV").has_energies


def test_a_plain_comment_with_a_comma(file):
    assert read(file("a.xyz", "1\n-2079.0,\nHe 0 0 0 0 0 1\n"), "eV").energies.tolist() == [-2079.0]


def test_text_of_frames_that_python_takes_for_a_number_stays_text(file):
    head = "1\nProperties=species:S:1:pos:R:3:forces:R:3 energy=-2079.0"
    data = read(file("a.xyz", f"{head} run=1_2\nHe 0 0 0 0 0 1\n"), "eV")
    assert data.extras["run"].tolist() == ["1_2"]


# --- databases and SPICE ---


def test_a_key_value_pair_beside_forces_in_the_data(labelled, water):
    path = labelled(".db", {"dft_energy": True}, {"dft_forces": True}, homo_energy=-5.0)
    with pytest.raises(UnitsError, match="does not state its units"):
        read(path)
    same(read(path, "eV"), water)
    same(read(path, "eV", "energy=dft_energy"), water)


def test_a_result_that_the_data_contradict_is_refused(tmp_path, water):
    atoms = ase.Atoms(water.numbers, water.positions[0])
    atoms.calc = SinglePointCalculator(atoms, energy=-2079.0, forces=water.forces[0])
    with ase.db.connect(tmp_path / "a.db") as database:
        database.write(atoms, data={"forces": 2 * water.forces[0]})
    with pytest.raises(
        DataError, match="row 1 has 'forces' as a result of its calculator and, with another value, in its data"
    ):
        read(tmp_path / "a.db")


@pytest.mark.parametrize("blank", ["_", " "])
def test_spice_with_forces_instead_of_gradients(tmp_path, water, blank):
    energy, forces, gradient = (f"dft_total_{what}".replace("_", blank) for what in ("energy", "force", "gradient"))
    unit = LENGTH["bohr"] / ENERGY["hartree"]
    for name, values in ((gradient, -water.forces * unit), (forces, water.forces * unit)):
        path = tmp_path / f"{name}.h5"
        with h5py.File(path, "w") as file:
            group = file.create_group("water")
            group["atomic_numbers"], group["conformations"] = water.numbers, water.positions / LENGTH["bohr"]
            group[energy], group[name] = water.energies / ENERGY["hartree"], values
            group["formation_energy"] = water.energies + 2000
    same(read(tmp_path / f"{gradient}.h5"), water)
    with pytest.raises(
        DataError, match=rf"has no '{gradient}', as .*but '{forces}'.*use --keys '?forces={forces}'?\."
    ) as caught:
        read(path)
    assert "asks for" not in str(caught.value)
    same(read(path, keys=f"forces={forces}"), water)


def test_an_sgdml_dataset_defines_its_labels(tmp_path, water):
    extras = {"energy": water.energies + 1, "E_dft": water.energies + 2}
    write(tmp_path / "a.npz", Dataset.of(water.numbers, water.positions, water.energies, water.forces, extras=extras))
    same(supple.read(tmp_path / "a.npz"), water)


# --- several files ---


def test_files_of_a_folder_whose_labels_are_of_different_sources(tmp_path, water):
    for name, prefix in (("a", ""), ("b", "REF_"), ("c", "")):
        _xyz(tmp_path / f"{name}.xyz", water, {f"{prefix}energy": water.energies}, {f"{prefix}forces": water.forces})
    words = (
        r"b\.xyz has the labels REF_energy and REF_forces, but a\.xyz has energy and forces, .*: read the files apart"
    )
    with pytest.raises(DataError, match=words):
        read(tmp_path)
    assert [defect.name for defect in survey(tmp_path).defects] == ["label-renamed"]
    (tmp_path / "b.xyz").unlink()
    assert len(read(tmp_path)) == 2 * len(water)


# --- arrays that are not of numbers ---


@pytest.mark.parametrize(
    "energies",
    [np.array(["-2_079.0"] * 5), np.array(["infinity"] * 5), np.ones(5, dtype=complex), np.ones(5, dtype=bool)],
)
def test_arrays_that_are_not_of_numbers(tmp_path, water, energies):
    np.savez(tmp_path / "a.npz", z=water.numbers, R=water.positions, E=energies, F=water.forces)
    with pytest.raises(DataError, match=r"a\.npz: 'E' contains .* values, not numbers"):
        read(tmp_path / "a.npz", "eV")


def test_numbers_that_were_stored_as_text(tmp_path, water):
    texts = np.array([repr(energy) for energy in water.energies.tolist()])
    np.savez(tmp_path / "a.npz", z=water.numbers, R=water.positions, E=texts, F=water.forces)
    same(read(tmp_path / "a.npz", "eV"), water)
