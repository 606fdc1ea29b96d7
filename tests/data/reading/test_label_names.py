"""What names say: of an energy or of another quantity, and of which source."""

import pytest

from supple.data.reading.labels.label_names import energy_name, force_name


@pytest.mark.parametrize(
    ("name", "source"),
    [
        *((name, "") for name in ("E", "Etot", "total_E", "TotEnergy", "energies", "PotEng", "energy_eV", "totalenergy")),
        *((name, "dft") for name in ("E_dft", "dft_energy", "DFTEnergy", "dft_total_energy", "dft total energy", "E(DFT)")),
        ("REF_energy", "ref"), ("reference_energy", "ref"), ("mace_energy", "mace"), ("pbe_d3_energy", "pbe d3"),
    ],
)  # fmt: skip
def test_energies_and_their_sources(name, source):
    label = energy_name(name)
    assert label is not None
    assert (label.role, label.source) == ("potential", frozenset(source.split()))


@pytest.mark.parametrize(
    "name",
    [
        "formation_energy", "atomization_energy", "gibbs_free_energy", "Gibbs free energy", "G", "H", "U0", "energy_U0", "zpve",
        "energy_per_atom", "energy_eV_per_atom", "atomic_energies", "dispersion_energy", "d3_energy", "MP2_correlation_energy",
        "nuclear_repulsion_energy", "E0", "previous energy", "hartree_energy",
    ],
)  # fmt: skip
def test_energies_that_forces_are_not_the_derivative_of(name):
    label = energy_name(name)
    assert label is not None
    assert label.role == "other"


@pytest.mark.parametrize(
    "name",
    [
        "energy_cutoff", "E_cut", "e_cut", "ecutwfc", "energy_unit", "energy_weight", "E_min", "homo_energy", "energy_uncertainty",
        "kinetic_energy", "KinEng", "E_x", "energy_method", "fermi_energy", "conserved_eV", "charge", "energy_tol",
    ],
)  # fmt: skip
def test_what_is_no_energy_of_the_molecule(name):
    assert energy_name(name) is None


def test_free_energies():
    assert [energy_name(name).role for name in ("free_energy", "freeEnergy", "REF_free_energy")] == ["free"] * 3


@pytest.mark.parametrize(
    ("name", "source"),
    [("forces", ""), ("F", ""), ("forces_eV_per_A", ""), ("atomic_forces", ""), ("MACE_forces", "mace"), ("F_dft", "dft"),
     ("dft_total_force", "dft")],
)  # fmt: skip
def test_forces_and_their_sources(name, source):
    label = force_name(name)
    assert label is not None
    assert (label.role, label.source) == ("potential", frozenset(source.split()))


@pytest.mark.parametrize(
    "name", ["momenta", "force_weight", "max_force", "forces_std", "force_field", "velocities", "gradient"]
)
def test_what_is_no_forces(name):
    assert force_name(name) is None
