"""The bundled data are what their cards say."""

import gzip
import re
from collections import Counter

import numpy as np
import pytest
from ase import Atoms

import supple
from supple.checks import require_sound
from supple.data.bundled import NAMES, bundled_path, card
from supple.errors import DataError
from supple.models.kernel.direct_fit import small_kernel_model
from supple.molecule.bonds import bond_graph
from supple.molecule.symmetry.permutations import find_permutations

CNNC = (0, 6, 7, 8)


@pytest.fixture(scope="module", params=NAMES)
def data(request):
    return supple.read(bundled_path(request.param))


def test_the_card_states_the_frames_the_units_and_the_licence(data):
    text = card(data.source.name.split(".")[0])
    assert f"{len(data)} frames" in text
    for word in ("GFN2-xTB", "eV/Å", "CC0", "10.1021/acs.jctc.8b01176", "tblite", "seeded", "supple sample --recipe"):
        assert word in text


def test_the_card_counts_the_frames_by_origin(data):
    name = data.source.name.split(".")[0]
    with gzip.open(bundled_path(name), "rt", encoding="utf-8") as file:
        found = Counter(re.findall(r'origin="?([^\s"]+)', file.read()))
    stated = {origin: int(count) for origin, count in re.findall(r"`((?:md|scan)_[^`]+)` (\d+)", card(name))}
    assert stated == found
    assert sum(stated.values()) == len(data)


def test_the_card_states_the_statistics(data):
    text = card(data.source.name.split(".")[0])
    assert f"mean {data.energies.mean():.4f} eV, standard deviation {data.energies.std():.4f} eV" in text
    assert f"standard deviation {data.forces.std():.3f} eV/Å" in text


def test_small_enough_to_ship():
    for name in NAMES:
        assert 0.2e6 < bundled_path(name).stat().st_size < 2e6


def test_no_frame_stands_there_twice(data):
    assert len(set(data.frame_hashes)) == len(data)


def test_no_bond_is_broken(data):
    graph = bond_graph(data.numbers, data.positions)
    assert graph.number_of_edges() == {"C12H10N2": 25, "C2H5NO2": 9}[data.formula]
    first, second = np.array(graph.edges).T
    lengths = np.linalg.norm(data.positions[:, first] - data.positions[:, second], axis=-1)
    assert (np.abs(lengths - np.median(lengths, axis=0)) < 0.45).all()


def test_energies_and_forces_agree(data):
    assert require_sound(data, small_kernel_model) == []


def test_symmetries(data):
    assert len(find_permutations(data.numbers, data.positions)) == {"C12H10N2": 8, "C2H5NO2": 4}[data.formula]


def test_azobenzene_turns_and_inverts_all_the_way():
    data = supple.read(bundled_path("azobenzene"))
    frames = [Atoms(data.numbers, r) for r in data.positions]
    torsions = np.sort([abs((frame.get_dihedral(*CNNC) + 180) % 360 - 180) for frame in frames])
    assert torsions[0] < 5
    assert torsions[-1] > 175
    assert np.diff(torsions).max() < 15
    assert ((torsions > 45) & (torsions < 120)).sum() > 200
    assert max(max(frame.get_angle(0, 6, 7), frame.get_angle(6, 7, 8)) for frame in frames) > 170


def test_labels_are_those_of_the_reference_method(data):
    tblite = pytest.importorskip("tblite.ase")
    for i in (0, len(data) // 2, len(data) - 1):
        atoms = Atoms(data.numbers, data.positions[i])
        atoms.calc = tblite.TBLite(method="GFN2-xTB", accuracy=0.1, verbosity=0)
        assert atoms.get_potential_energy() == pytest.approx(data.energies[i], abs=1e-6)
        np.testing.assert_allclose(atoms.get_forces(), data.forces[i], atol=5e-4)


def test_an_unknown_name_is_refused():
    with pytest.raises(DataError, match="azobenzene, glycine"):
        bundled_path("benzene")


def test_the_name_is_enough_wherever_a_file_is_read(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert supple.read("glycine").fingerprint == supple.read(bundled_path("glycine")).fingerprint
    (tmp_path / "glycine").mkdir()  # what the user has under this name comes first
    with pytest.raises(DataError, match="There are no files of geometries in glycine"):
        supple.read("glycine")
