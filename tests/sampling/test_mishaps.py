"""What goes wrong in a sampling: refused before it begins, recorded where the rest goes on, or said at the end."""

import fcntl

import numpy as np
import pytest
from ase.build import molecule
from ase.io import read, write
from supple.sampling.dynamics import Dynamics, heat, run
from supple.sampling.modes import Modes
from supple.sampling.path import Path as ReactionPath

from supple.errors import DataError, SettingsError
from supple.geometry.constraints import relaxed_at
from supple.geometry.coordinates import Coordinate
from supple.sampling import Recipe, sample
from supple.sampling.context import Bench, Labelled
from supple.sampling.engine import draw
from supple.sampling.molecules import short_name, starting_geometry
from supple.sampling.segment_file import SegmentFile

FAKE = "fake_calculators:springs"


def bench(tmp_path, name="H2O", method=FAKE, drive=None, charge=0, multiplicity=1):
    write(tmp_path / f"{name}.xyz", molecule(name))
    return Bench(str(tmp_path / f"{name}.xyz"), method, drive or method, charge, multiplicity, 0)


def recipe(tmp_path, **settings):
    table = bench(tmp_path)
    draws = [{"kind": "md", "temperature": 300, "frames": 3, "every": 2, "settle": 2}]
    return Recipe.of(**{"molecule": table.molecule, "method": FAKE, "draws": draws} | settings)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"charge": 1}, "H2O with charge 1 has 9 electrons, which cannot have multiplicity 1"),
        ({"multiplicity": 2}, "has 10 electrons, which cannot have multiplicity 2"),
        ({"charge": 9, "multiplicity": 4}, "has 1 electrons, which cannot have multiplicity 4"),
        ({"method": FAKE, "charge": 1, "multiplicity": 2}, "knows charge and multiplicity itself"),
    ],
)
def test_a_charge_or_multiplicity_that_cannot_be(settings, sentence, tmp_path):
    pytest.importorskip("tblite")
    with pytest.raises(SettingsError, match=sentence):
        bench(tmp_path, **{"method": "GFN2-xTB"} | settings).require_ready()


def test_charges_that_can_be(tmp_path):
    pytest.importorskip("tblite")
    bench(tmp_path, method="GFN2-xTB", charge=1, multiplicity=2).require_ready()
    bench(tmp_path, method=FAKE, drive="GFN2-xTB", multiplicity=3).require_ready()
    bench(tmp_path).require_ready()


def test_smiles_say_their_charge():
    pytest.importorskip("rdkit")
    pytest.importorskip("tblite")
    with pytest.raises(SettingsError, match=r"has charge 1, not 0: say --charge 1"):
        Bench("[NH4+]", "GFN2-xTB", "GFN2-xTB", 0, 1, 0).require_ready()
    Bench("[NH4+]", "GFN2-xTB", "GFN2-xTB", 1, 1, 0).require_ready()
    assert len(starting_geometry("[NH4+]", seed=2**31 + 1)) == 5  # RDKit's seeds have 31 bits


@pytest.mark.parametrize("name", ["NOSUCH", "wB97X-D3"])
def test_a_functional_that_pyscf_does_not_know(name, tmp_path):
    pytest.importorskip("pyscf")
    with pytest.raises(SettingsError, match=f"PySCF does not know the functional '{name}'"):
        bench(tmp_path, method=f"pyscf:{name}/sto-3g").require_ready()


def test_a_geometry_that_changed_is_another_sampling(tmp_path):
    asked = recipe(tmp_path)
    sample(asked, tmp_path / "out.xyz", jobs=1)
    moved = read(asked.molecule)
    moved.positions[0] += 0.1
    write(asked.molecule, moved)
    with pytest.raises(SettingsError, match=r"geometries"):
        sample(asked, tmp_path / "out.xyz", jobs=1)


def test_the_frames_do_not_replace_what_they_begin_from(tmp_path):
    asked = recipe(tmp_path)
    before = (tmp_path / "H2O.xyz").read_bytes()
    with pytest.raises(SettingsError, match="is what the sampling begins from"):
        sample(asked, tmp_path / "H2O.xyz")
    assert (tmp_path / "H2O.xyz").read_bytes() == before


def test_two_draws_may_have_the_same_name_only_in_two_files(tmp_path):
    write(tmp_path / "other.xyz", molecule("H2O"))
    draws = [{"kind": "modes"}, {"kind": "modes", "start": str(tmp_path / "other.xyz")}]
    names = [segment.name for segment in recipe(tmp_path, draws=draws).segments()]
    assert names == ["modes_300K", "modes_other_300K"]
    with pytest.raises(SettingsError, match="Two draws would have the same name, modes_300K"):
        recipe(tmp_path, draws=draws[:1] * 2).segments()


def test_short_names(tmp_path):
    for name in ("run.2.xyz.gz", "run.2.xyz"):
        (tmp_path / name).write_text("")
        assert short_name(str(tmp_path / name)) == "run.2"
    assert short_name("C/C=C/C") == "C/C=C/C"
    assert short_name("azobenzene-cis") == "azobenzene-cis"


def test_a_segment_that_cannot_begin_ends_with_a_failure(tmp_path):
    table = bench(tmp_path, drive="fake_calculators:breaks")
    (segment,) = Dynamics(temperature=300.0, frames=3).segments(table)
    file = SegmentFile(tmp_path / "md.jsonl")
    draw(table, segment, file, [])
    (line,) = file.frames()
    assert line["failure"] == "the segment ended: CalculationFailed: no orbitals"
    assert file.progress() == (1, None, True)
    draw(table, segment, file, [])  # it is at its end
    assert len(file) == 2


def test_a_molecule_that_explodes_ends_its_trajectory(tmp_path):
    table = bench(tmp_path)
    atoms = table.start()
    heat(atoms, 300.0, np.random.default_rng(0))
    atoms.set_momenta(atoms.get_momenta() * np.inf)
    with np.errstate(all="ignore"), pytest.raises(ArithmeticError, match="positions are not finite"):
        run(atoms, table, 300.0, 2.0, np.random.default_rng(0))


def test_a_damaged_line_is_named(tmp_path):
    file = SegmentFile(tmp_path / "md.jsonl")
    for _ in range(2):
        file.append(Labelled(np.zeros((1, 3)), 0.0, np.zeros((1, 3))))
    lines = file.path.read_text().splitlines()
    file.path.write_text(f"{lines[0]}\n{lines[1][:30]}\n")
    with pytest.raises(DataError, match=r"Line 2 of .*md\.jsonl is damaged: delete the file"):
        file.progress()


def test_a_segment_is_written_by_one_process_at_a_time(tmp_path):
    file = SegmentFile(tmp_path / "md.jsonl")
    with file.claimed(), file.path.open("a") as other, pytest.raises(BlockingIOError):
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    with file.path.open("a") as other:
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_what_is_not_relaxed_to_the_end_is_remarked(tmp_path):
    pytest.importorskip("tblite")
    table = bench(tmp_path, "CH3CH2OH", "GFN2-xTB")
    start = table.start()
    coordinate = Coordinate.of(start, None)
    _, remark = relaxed_at(start, coordinate, table, steps=1)
    assert remark == "not relaxed to 0.03 eV/Å in 1 steps"
    assert relaxed_at(start, coordinate, table)[1] is None


def test_a_torsion_about_a_straight_angle_is_remarked(tmp_path):
    table = bench(tmp_path, "H2O2")
    start = table.start()
    start.set_angle(1, 0, 2, 175)
    coordinate = Coordinate.of(start, "3-1-2-4")
    write(table.molecule, start)
    assert relaxed_at(start, coordinate, table)[1] == "H3-O1-O2 is straight, where a torsion has no meaning"


def test_modes_of_a_saddle_are_remarked(tmp_path):
    """Ammonia that is flat stays flat when it is relaxed."""
    pytest.importorskip("tblite")
    table = bench(tmp_path, "NH3", "GFN2-xTB")
    flat = table.start()
    flat.positions = [[0, 0, 0], *([np.cos(t), np.sin(t), 0] for t in np.radians([0, 120, 240]))]
    write(table.molecule, flat)
    (segment,) = Modes(frames=2).segments(table)
    first, second = segment.frames(table, 0, None)
    assert first.remark == "displaced from a saddle, not from a minimum"
    assert second.remark is None


def test_a_path_to_a_torsion_that_is_turned(tmp_path):
    table = bench(tmp_path, "CH3CH2OH")
    coordinate = Coordinate.of(table.start(), None)
    name = "-".join(str(atom + 1) for atom in coordinate.atoms)
    first, last = ReactionPath(to=f"{name}=60").ends(table)
    assert coordinate.value(first) != pytest.approx(60)
    assert coordinate.value(last) == pytest.approx(60)
    assert ReactionPath(to=f"{name}=60").geometries == ()
    with pytest.raises(ArithmeticError, match="both ends relax to the same geometry"):
        (segment,) = ReactionPath(to=f"{name}={coordinate.value(first):.1f}").segments(table)
        list(segment.frames(table, 0, None))


def test_a_band_that_has_not_found_its_place_is_remarked(tmp_path):
    pytest.importorskip("tblite")
    table = bench(tmp_path, "CH3CH2OH", "GFN2-xTB")
    coordinate = Coordinate.of(table.start(), None)
    name = "-".join(str(atom + 1) for atom in coordinate.atoms)
    (segment,) = ReactionPath(to=f"{name}=60", images=3, steps=2, fmax=0.001).segments(table)
    made = list(segment.frames(table, 0, None))
    assert "are left on the band after 2 steps" in made[0].remark
    assert [frame.remark for frame in made[1:]] == [None, None]


@pytest.mark.parametrize("draws", [[{"kind": "md", "every": 0.5}], [{"kind": "scan", "bursts": 1, "burst_every": 0.2}]])
def test_frames_are_at_least_a_step_apart(draws, tmp_path):
    with pytest.raises(SettingsError, match="every: input should be greater than or equal to 1"):
        recipe(tmp_path, draws=draws)
