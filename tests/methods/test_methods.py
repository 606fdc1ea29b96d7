"""Methods: which are known."""

import pytest
from ase.build import molecule

from supple.errors import SettingsError
from supple.methods import METHODS, Method, find_method, method_with_forces
from supple.methods.level import Level
from supple.runtime.plugins import Registry


@pytest.mark.parametrize(
    ("method", "sentence"),
    [
        ("B3LYP", "'B3LYP' is not a known method: choose one of GFN2-xTB, GFN1-xTB, pyscf"),
        ("GFN2-xTB:tight", "is not a method: write GFN2-xTB"),
        ("pyscf:PBE", "not a level of theory"),
        ("nowhere:factory", "cannot be imported"),
        ("fake_calculators:np", "is not a function"),
    ],
)
def test_unknown_methods_are_refused(method, sentence):
    with pytest.raises(SettingsError, match=sentence):
        find_method(method)


def test_a_function_that_returns_no_calculator_is_refused():
    with pytest.raises(SettingsError, match="returned int, which is not an ASE calculator"):
        find_method("fake_calculators:no_calculator").calculator(0, 1)


@pytest.mark.parametrize("name", ["NOSUCH", "wB97X-D3"])
def test_a_functional_that_pyscf_does_not_know(name):
    pytest.importorskip("pyscf")
    with pytest.raises(SettingsError, match=f"There is no functional '{name}'"):
        find_method(f"pyscf:{name}/sto-3g")


def orca(level):
    """A plugin's method."""
    return Method(f"ORCA {level}", "supple", lambda charge, multiplicity: (level, charge, multiplicity))


def test_a_plugin_adds_a_method(monkeypatch):
    registry = Registry(METHODS.group, METHODS.noun, {"orca": f"{__name__}:orca"})
    monkeypatch.setattr("supple.methods.METHODS", registry)
    assert find_method("orca:PBE").calculator(1, 2) == ("PBE", 1, 2)


@pytest.mark.parametrize(("theory", "multiplicity"), [("PBE", 1), ("MP2", 1), ("MP2", 3), ("CCSD", 3)])
def test_pyscf_forces_are_derivatives_of_its_energy(theory, multiplicity):
    pytest.importorskip("pyscf")
    atoms = molecule("H2O")
    atoms.rattle(0.05, seed=0)
    method = find_method(f"pyscf:{theory}/sto-3g")
    atoms.calc = method.calculator(0, multiplicity)
    force = atoms.get_forces()[1, 2]
    ends = []
    for step in (1e-3, -1e-3):
        moved = atoms.copy()
        moved.positions[1, 2] += step
        moved.calc = method.calculator(0, multiplicity)
        ends.append(moved.get_potential_energy())
    assert -(ends[0] - ends[1]) / 2e-3 == pytest.approx(force, abs=2e-3)


def test_coupled_cluster_gives_energies_alone():
    """And the right ones: two electrons have no triples, so that CCSD(T) is CCSD."""
    pytest.importorskip("pyscf")
    hydrogen = molecule("H2")
    (point, _), (same, _) = (
        next(Level(f"pyscf:{theory}/sto-3g").single_points(hydrogen.numbers, hydrogen.positions[None]))
        for theory in ("CCSD(T)", "CCSD")
    )
    assert point.failure is None and point.forces is None and same.forces is not None
    assert point.energy == pytest.approx(same.energy, abs=1e-6)
    with pytest.raises(
        SettingsError, match=r"A baseline needs forces, and pyscf:CCSD\(T\)/sto-3g gives energies alone"
    ):
        method_with_forces("pyscf:CCSD(T)/sto-3g", "A baseline")
