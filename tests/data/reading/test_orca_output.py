"""Outputs of ORCA: geometry, energy and gradient of a frame are of one job, step, method and state, or it is refused."""

import numpy as np
import pytest
from data.reading.orca_samples import (
    BENT,
    GRADIENT,
    OTHER_GRADIENT,
    RELAXATION,
    SCF_GRADIENT,
    STATIONARY,
    TERMINATED,
    WATER,
    energy,
    excitation,
    excited_gradient,
    geometry,
    gradient,
    header,
    job,
    mp2_gradient,
    scf,
)

import supple
from supple.data.reading import survey
from supple.data.units import ENERGY, LENGTH
from supple.errors import DataError

HARTREE, BOHR = ENERGY["hartree"], LENGTH["bohr"]
POSITIONS = {name: np.array([atom[1:] for atom in atoms]) for name, atoms in {"water": WATER, "bent": BENT}.items()}
POINT = geometry() + energy() + SCF_GRADIENT + gradient()
OTHER_POINT = geometry(BENT) + energy(-76.26) + SCF_GRADIENT + gradient(OTHER_GRADIENT)


@pytest.fixture
def read(tmp_path):
    def read_text(text, **how):
        path = tmp_path / "orca.out"
        path.write_text(text + TERMINATED)
        return supple.read(path, **how)

    return read_text


@pytest.fixture
def defects(tmp_path):
    def of_text(text):
        path = tmp_path / "orca.out"
        path.write_text(text + TERMINATED)
        return {defect.name: defect.frames for defect in survey(path).defects if defect.name != "unreadable"}

    return of_text


def assert_frames(data, *expected):
    """Each expected frame is (geometry, hartree, gradient in hartree/bohr)."""
    assert len(data) == len(expected)
    for k, (positions, total, table) in enumerate(expected):
        np.testing.assert_allclose(data.positions[k], POSITIONS[positions], atol=1e-9)
        assert data.energies[k] == pytest.approx(total * HARTREE, rel=1e-12)
        np.testing.assert_allclose(data.forces[k], -np.array(table) * HARTREE / BOHR, atol=1e-12)


FIRST, SECOND = ("water", -76.268125, GRADIENT), ("bent", -76.26, OTHER_GRADIENT)


def test_jobs_of_one_input_are_frames_each_with_its_own_numbers(read):
    data = read(
        header("! PBE def2-SVP EnGrad", "* xyz 0 1", "$new_job", "! EnGrad") + job(1) + POINT + job(2) + OTHER_POINT
    )
    assert_frames(data, FIRST, SECOND)
    assert data.source.theory == "PBE def2-SVP"


def test_a_job_without_gradient_takes_none_from_another(read):
    with pytest.raises(DataError, match="frame 0 has no forces"):
        read(header("! PBE", "$new_job", "! PBE EnGrad") + job(1) + geometry() + energy() + job(2) + OTHER_POINT)


def test_outputs_of_two_levels_one_after_the_other(read):
    text = header("! PBE def2-SVP EnGrad") + POINT + TERMINATED + header("! TightSCF B3LYP D3BJ def2-TZVP EnGrad")
    data = read(text + OTHER_POINT)
    assert_frames(data, FIRST, SECOND)
    assert data.extras["theory"].tolist() == ["PBE def2-SVP", "B3LYP D3BJ def2-TZVP"]


def test_an_optimisation_and_the_energy_repeated_at_its_end(read):
    steps = POINT + RELAXATION + OTHER_POINT + RELAXATION
    assert_frames(read(header("! PBE Opt") + steps + STATIONARY + geometry(BENT) + energy(-76.26)), FIRST, SECOND)
    not_converged = "       The optimization did not converge but reached the maximum number of\n"
    assert_frames(read(header("! PBE Opt") + steps + not_converged), FIRST, SECOND)


def test_a_second_energy_after_an_optimisation_is_not_that_of_its_last_gradient(read):
    """As after a search for a path, where the geometry is not printed again."""
    assert_frames(read(header("! PBE NEB-TS") + POINT + STATIONARY + energy(-70.0)), FIRST)


def test_a_relaxed_scan(read):
    step = POINT + RELAXATION + OTHER_POINT + RELAXATION + STATIONARY + geometry(BENT) + energy(-76.3)
    assert_frames(read(header("! PBE Opt", "%geom Scan B 0 1 = 0.9, 1.2, 2 end end") + step * 2), *[FIRST, SECOND] * 2)


def test_an_energy_at_the_geometry_that_was_found_is_no_frame(read):
    found = STATIONARY + geometry(BENT) + energy(-76.26)
    jobs = header("! PBE Opt", "$new_job", "! B3LYP NMR") + job(1) + POINT + OTHER_POINT + found
    assert_frames(read(jobs + job(2) + geometry(BENT) + energy(-76.4)), FIRST, SECOND)
    with pytest.raises(DataError, match="frame 2 has no forces"):
        read(jobs + job(2) + geometry(WATER) + energy(-76.4))


def test_a_step_that_was_cut_off_is_no_frame(read):
    assert_frames(read(header("! PBE Opt") + POINT + geometry(BENT)), FIRST)
    with pytest.raises(DataError, match="without any energy: the calculation has failed or is not finished"):
        read(header("! PBE Opt") + geometry(BENT))


def test_dynamics(read):
    assert_frames(read(header("! PBE", "%md run 2 end") + POINT + OTHER_POINT + POINT), FIRST, SECOND, FIRST)


def test_numerical_frequencies_do_not_add_frames(read):
    displaced = "\n         <<< Energy and Gradient at displaced geometries >>>\n\n\t<< Calculating gradient on displaced geometry   1 (of 18) >>\n"
    text = header("! PBE NumFreq") + POINT + displaced + energy(-76.2) + gradient(OTHER_GRADIENT)
    assert_frames(read(text), FIRST)


NUMERICAL = gradient(title="CARTESIAN GRADIENT (NUMERICAL)")


def test_a_numerical_gradient_is_of_the_energy_before_the_displacements(read):
    begin = header("! DLPNO-CCSD(T) cc-pVDZ NumGrad") + geometry() + energy()
    displaced = "\t<< Calculating energy at displaced geometry   1 (of 18) >>\n" + energy(-76.2681) + energy(-76.2682)
    for between in ("", displaced):
        data = read(begin + between + NUMERICAL)
        assert_frames(data, FIRST)
        assert data.source.theory == "DLPNO-CCSD(T) cc-pVDZ"
    with pytest.raises(DataError, match="frame 0 has numerical forces and several energies"):
        read(begin + energy(-76.2681) + NUMERICAL)


def test_mp2(read, defects):
    begin = header("! RI-MP2 def2-TZVP EnGrad") + geometry() + scf(-76.05)
    total = "---------------------------------------\nMP2 TOTAL ENERGY:      -76.268125000 Eh\n---------------------\n"
    assert_frames(read(begin + total + mp2_gradient() + energy()), FIRST)
    # neither the gradient of the SCF with the energy of MP2, nor the other way round
    assert defects(begin + total + energy() + SCF_GRADIENT + gradient()) == {"other-energy": (0,)}
    assert defects(begin + mp2_gradient() + energy(-76.05)) == {"other-energy": (0,)}
    assert defects(begin + total + SCF_GRADIENT + gradient(OTHER_GRADIENT) + mp2_gradient() + energy()) == {
        "several-forces": (0,)
    }


def test_coupled_cluster_with_the_gradient_of_the_scf_is_refused(defects):
    text = header("! CCSD(T) cc-pVDZ EnGrad") + geometry() + scf(-76.05)
    text += "E(CCSD(T))                                 ...    -76.268125000\n" + energy() + SCF_GRADIENT + gradient()
    assert defects(text) == {"other-energy": (0,)}


def test_dispersion_and_counterpoise_corrections_are_part_of_the_energy(read):
    text = header("! HF-3c EnGrad") + geometry() + scf(-76.267)
    text += "Dispersion correction           -0.001625000\ngCP+bas correction         0.000500000\n\n" + energy()
    assert_frames(read(text + SCF_GRADIENT + gradient()), FIRST)


def test_an_excited_state(read, defects):
    begin = header("! PBE0 def2-SVP EnGrad", "%tddft nroots 3 iroot 2 end") + geometry() + scf(-76.4)
    state = excitation(-76.4, -76.268125, "Root  2") + energy()
    data = read(begin + state + excited_gradient(2) + gradient())
    assert_frames(data, FIRST)
    assert data.source.theory == "PBE0 def2-SVP, state 2"
    triplet = read(
        begin + excitation(-76.4, -76.268125, "Triplet root  1") + energy() + excited_gradient() + gradient()
    )
    assert triplet.source.theory == "PBE0 def2-SVP, triplet state 1"
    # of another state; of the ground state; with the energy of the ground state
    assert defects(begin + state + excited_gradient(1) + gradient()) == {"other-energy": (0,)}
    assert defects(begin + state + SCF_GRADIENT + gradient()) == {"other-energy": (0,)}
    ground = excitation(-76.4, -76.268125) + energy(-76.4)
    assert defects(begin + ground + excited_gradient(1) + gradient()) == {"other-energy": (0,)}


def test_gradients_of_several_states_are_refused(defects):
    text = header("! PBE0 def2-SVP EnGrad") + geometry() + scf(-76.4) + excitation(-76.4, -76.268125) + energy()
    text += excited_gradient(1) + gradient() + excited_gradient(2) + gradient(OTHER_GRADIENT)
    assert defects(text) == {"several-forces": (0,)}


def test_the_energy_of_an_excited_state_with_dispersion(read):
    text = header("! PBE0 D4 EnGrad") + geometry() + "Dispersion correction           -0.002000000\n" + scf(-76.4)
    text += excitation(-76.4, -76.266125) + energy() + excited_gradient() + gradient()
    assert_frames(read(text), FIRST)


@pytest.mark.parametrize(
    ("text", "defect"),
    [
        (geometry() + gradient(), "no-energy"),
        (geometry() + energy() + energy(-76.3) + gradient(), "several-energies"),
        (geometry() + energy() + gradient() + gradient(OTHER_GRADIENT), "several-forces"),
        (geometry() + energy(remark="   (SCF not fully converged!)") + gradient(), "not-converged"),
        (geometry() + energy(remark="   (Wavefunction not fully converged!)") + gradient(), "not-converged"),
        (geometry() + "               *** SCF NOT CONVERGED ***\nSCF NOT CONVERGED AFTER 125 CYCLES\n" + energy() + gradient(), "not-converged"),
        (geometry() + energy().replace("ENERGY", "ENERGY (QM/QM2)") + gradient(), "layers"),
    ],
)  # fmt: skip
def test_what_does_not_belong_together_is_refused_and_the_rest_is_read(text, defect, defects, read):
    begin = header("! PBE def2-SVP EnGrad")
    assert defects(begin + POINT + text) == {defect: (1,)}
    assert_frames(read(begin + POINT * 2), FIRST, FIRST)


def test_the_same_numbers_twice_are_no_contradiction(read):
    assert_frames(read(header("! PBE EnGrad") + geometry() + energy() * 2 + gradient() * 2), FIRST)


@pytest.mark.parametrize("line", ['% pointcharges "pc.pc"', "%scf EField 0.0, 0.0, 0.001 end"])
def test_fields_and_point_charges_are_refused(line, defects):
    assert defects(header("! PBE EnGrad", line) + POINT) == {"in-field": (0,)}


@pytest.mark.parametrize(
    "line", ["  H :   0.000000    0.763239   -0.477047", "  DA     0.000000    0.763239   -0.477047"]
)
def test_ghost_and_dummy_atoms_are_refused(line, read):
    with pytest.raises(DataError, match=r"among the atoms of geometry 0: ghost atoms"):
        read(header("! PBE EnGrad") + POINT.replace("  H       0.000000    0.763239   -0.477047", line))


def test_constrained_coordinates_keep_their_gradient(read):
    """With constraints a warning takes the place of the empty line."""
    warned = gradient(warning="WARNING: THERE ARE 3 CONSTRAINED CARTESIAN COORDINATES\n")
    assert_frames(read(header("! HF-3c Opt") + geometry() + energy() + warned.replace("--\n\nW", "--\nW")), FIRST)
    assert_frames(read(header("! HF-3c Opt") + geometry() + energy() + warned), FIRST)


@pytest.mark.parametrize(
    "broken",
    [
        lambda text: text.replace("   3   H   :    0.000000000", "   3   F   :    0.000000000"),
        lambda text: text.replace("   2   H   :", "   3   H   :"),
        lambda text: text.replace("   2   H   :    0.000000000   -0.004000000   -0.005000000\n", ""),
        lambda text: text[: text.index("   3   H   :") + 30],
    ],
)
def test_a_gradient_of_other_atoms_is_refused(broken, read):
    with pytest.raises(DataError, match="gradient of geometry 1 is not of its 3 atoms"):
        read(header("! PBE EnGrad") + POINT + broken(POINT))


def test_charge_and_multiplicity(read):
    data = read(header("! UKS PBE EnGrad") + POINT.replace("....    0", "....   -1").replace("....    1", "....    2"))
    assert (data.source.about["charge"], data.source.about["multiplicity"]) == ("-1", "2")
    of_input = header("! PBE EnGrad", "*xyz 1 2") + geometry().partition(" Total Charge")[0] + energy() + gradient()
    assert read(of_input).source.about["charge"] == "1"


def test_what_the_blocks_of_the_input_say_is_part_of_the_level_of_theory(read):
    lines = ("! def2-SVP TightSCF PAL4 # a comment", "%method", "  functional PBE  # another", "end", "%maxcore 2000")
    assert read(header(*lines) + POINT).source.theory == "def2-SVP %method functional PBE"


def test_the_dipole_of_a_neutral_molecule(read):
    line = "Total Dipole Moment    :      0.11930       0.13646      -0.82703\n"
    data = read(header("! PBE EnGrad") + POINT + line)
    np.testing.assert_allclose(data.extras["dipole"][0], np.array([0.1193, 0.13646, -0.82703]) * BOHR)
    assert "dipole" not in read(header("! PBE EnGrad") + POINT + line * 2).extras
    assert "dipole" not in read(header("! PBE EnGrad") + POINT.replace("....    0", "....    1") + line).extras


def test_lines_that_end_as_on_windows(read, tmp_path):
    path = tmp_path / "windows.out"
    path.write_bytes((header("! PBE EnGrad") + POINT).replace("\n", "\r\n").encode())
    assert_frames(supple.read(path), FIRST)


ENGRAD = """#
# Number of atoms
#
 2
#
# The current total energy in Eh
#
   -100.300000000000
#
# The current gradient in Eh/bohr
#
       0.000000000000
       0.000000000000
       0.010000000000
       0.000000000000
       0.000000000000
      -0.010000000000
#
# The atomic numbers and current coordinates in Bohr
#
   9     0.0000000    0.0000000    0.0000000
   1     0.0000000    0.0000000    1.7500000
"""


def test_engrad_files_one_after_the_other_are_several_frames(tmp_path):
    path = tmp_path / "hf.engrad"
    path.write_text(ENGRAD + ENGRAD.replace("-100.3", "-100.2").replace("1.7500", "1.8500").replace("0.0100", "0.0200"))
    data = supple.read(path)
    np.testing.assert_allclose(data.energies, np.array([-100.3, -100.2]) * HARTREE)
    np.testing.assert_allclose(data.positions[:, 1, 2], np.array([1.75, 1.85]) * BOHR)
    np.testing.assert_allclose(data.forces[:, 1, 2], np.array([0.01, 0.02]) * HARTREE / BOHR)


@pytest.mark.parametrize(
    ("there", "instead"),
    [
        ("   1     0.0000000    0.0000000    1.7500000\n", ""),
        ("1.7500000\n", "1.7500000\n 17\n"),
        ("      -0.010000000000\n", "      -0.010000000000  0.1\n"),
    ],
)
def test_a_damaged_engrad_is_refused(there, instead, tmp_path):
    path = tmp_path / "hf.engrad"
    path.write_text(ENGRAD.replace(there, instead))
    with pytest.raises(DataError, match=r"not a complete \.engrad file"):
        supple.read(path)
