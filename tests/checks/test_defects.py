"""Every planted defect is found and named; clean data are not accused of anything serious."""

import numpy as np
import pytest
from checks_defects import DEFECTS, Arrays
from toy import toy_dataset

import supple
from supple.checks import examine, finding_names
from supple.data.bundled import bundled_path
from supple.data.dataset import Dataset
from supple.data.units import Units
from supple.models.kernel.direct_fit import small_kernel_model


def shuffled(data, n_frames):
    return data.select(np.random.default_rng(3).permutation(len(data))[:n_frames])


CLEAN = {
    "methanol, 60 frames, hartree and bohr": (lambda: toy_dataset(60), "hartree,bohr"),
    "glycine, 100 frames, kcal/mol": (lambda: shuffled(supple.read(bundled_path("glycine")), 100), "kcal/mol"),
    "glycine, 300 frames, kcal/mol": (lambda: shuffled(supple.read(bundled_path("glycine")), 300), "kcal/mol"),
    "azobenzene, 200 frames, eV": (lambda: shuffled(supple.read(bundled_path("azobenzene")), 200), "eV"),
}
SLOW = ("glycine, 300 frames, kcal/mol", "azobenzene, 200 frames, eV")


@pytest.fixture(scope="module", params=[pytest.param(k, marks=pytest.mark.slow) if k in SLOW else k for k in CLEAN])
def clean(request):
    make, units = CLEAN[request.param]
    return make(), Units.parse(units)


def arrays(clean):
    data, units = clean
    return Arrays(
        data.numbers.copy(),
        data.positions / units.length_in_angstrom,
        data.energies / units.energy_in_ev,
        data.forces / units.forces_in_ev_per_angstrom,
    )


def examined(a, units, **more):
    return examine(Dataset.of(a.numbers, a.r, a.e, a.f, units, "data.xyz", extras=a.extras), small_kernel_model, **more)


def test_clean_data_are_not_accused(clean):
    assert [f for f in examined(arrays(clean), clean[1]) if f.severity == "serious"] == []


@pytest.mark.parametrize("name", DEFECTS)
def test_a_planted_defect_is_found_and_named(clean, name):
    plant, names, says = DEFECTS[name]
    a = arrays(clean)
    plant(a)
    found = [f for f in examined(a, clean[1]) if f.name in names]
    assert found, f"expected one of {names}"
    assert any(says in f.sentence for f in found)
    assert all(f.remedy and f.file == "data.xyz" for f in found)


def test_there_are_enough_defects_and_their_names_are_those_of_findings():
    assert len(DEFECTS) >= 25
    assert {name for _, names, _ in DEFECTS.values() for name in names} <= set(finding_names())


def test_every_finding_is_documented():
    from pathlib import Path

    page = (Path(__file__).parents[2] / "docs" / "checks.md").read_text(encoding="utf-8")
    assert [name for name in finding_names() if f"`{name}`" not in page] == []
