"""Outputs of Gaussian: geometry, energy and forces of a frame are of one step, method, state and axes, or it is refused."""

import numpy as np
import pytest
from data.reading.gaussian_samples import (
    BOTH,
    FORCES,
    INPUT,
    POINT,
    RESTORED,
    STANDARD,
    STANDARD_FORCES,
    TERMINATED,
    forces,
    header,
    internal,
    orientation,
    scf,
    step,
)

import supple
from supple.data.reading import survey
from supple.data.units import ENERGY, LENGTH
from supple.errors import DataError

HARTREE, BOHR = ENERGY["hartree"], LENGTH["bohr"]
OTHER = INPUT + np.array([[0.0, 0.0, 0.01], [0.0, 0.02, 0.0], [0.0, -0.02, 0.0]])
OTHER_POINT = orientation(OTHER) + scf(-76.2) + RESTORED + forces(-FORCES)


def excited(total, state=1):
    return (
        f" Excited State   {state}:      Singlet-B1     7.8000 eV  158.95 nm  f=0.0100  <S**2>=0.000\n"
        " This state for optimization and/or second-order correction.\n"
        f" Total Energy, E(TD-HF/TD-DFT) = {total:18.10f}\n"
    )


MP2 = " E2 =    -0.2000000000D+00 EUMP2 =    -0.76300000000000D+02\n"


@pytest.fixture
def read(tmp_path):
    def read_text(text, **how):
        path = tmp_path / "gaussian.log"
        path.write_text(text + TERMINATED)
        return supple.read(path, **how)

    return read_text


@pytest.fixture
def defects(tmp_path):
    def of_text(text):
        path = tmp_path / "gaussian.log"
        path.write_text(text + TERMINATED)
        return {defect.name: defect.frames for defect in survey(path).defects if defect.name != "unreadable"}

    return of_text


def assert_frames(data, *expected):
    """Each expected frame is (positions, hartree, forces in hartree/bohr)."""
    assert len(data) == len(expected)
    for k, (positions, total, table) in enumerate(expected):
        np.testing.assert_allclose(data.positions[k], positions, atol=2e-6)
        assert data.energies[k] == pytest.approx(total * HARTREE, rel=1e-12)
        np.testing.assert_allclose(data.forces[k], table * HARTREE / BOHR, atol=1e-7)


FIRST, SECOND = (INPUT, -76.3, FORCES), (OTHER, -76.2, -FORCES)


def test_the_geometry_of_the_forces_is_that_in_the_axes_of_the_input(read):
    assert_frames(read(header() + POINT), FIRST)
    # or in the order of older versions, or without symmetry, or from internal coordinates
    assert_frames(read(header() + orientation(axes="Z-Matrix") + POINT.removeprefix(orientation())), FIRST)
    assert_frames(read(header("# B3LYP/6-31G(d) NoSymm Force") + orientation() + scf() + forces()), FIRST)


def test_the_standard_orientation_is_turned_onto_the_input_for_each_geometry(read, defects):
    plain = orientation(STANDARD, "Standard") + scf() + RESTORED + forces()
    assert_frames(read(header("# B3LYP/6-31G(d) Force") + plain), FIRST)
    # of the next geometry the input says nothing, unless it is printed
    later = orientation(OTHER[:, [2, 0, 1]], "Standard") + scf(-76.2) + RESTORED + forces(-FORCES)
    assert defects(header("# B3LYP/6-31G(d) Opt") + plain + later) == {"turned": (1,)}
    assert_frames(read(header("# B3LYP/6-31G(d) Opt") + plain + orientation(OTHER) + later), FIRST, SECOND)
    assert defects(header("# B3LYP/6-31G(d) Force", as_read=None) + plain) == {"turned": (0,)}


def test_each_job_has_its_own_input(read):
    plain = step("# B3LYP/6-31G(d) Force", as_read=OTHER) + orientation(OTHER[:, [2, 0, 1]], "Standard")
    text = header() + POINT + TERMINATED + " Link1:  Proceeding to internal job step number  2.\n" + plain
    assert_frames(read(text + scf(-76.2) + RESTORED + forces(-FORCES)), FIRST, SECOND)


def test_an_input_orientation_of_another_geometry_is_not_taken(defects):
    text = orientation(OTHER) + orientation(STANDARD, "Standard") + scf() + RESTORED + forces()
    assert defects(header("#P B3LYP/6-31G(d) Force", as_read=None) + text) == {"turned": (0,)}


def test_forces_in_the_standard_orientation(read, defects):
    titled = " Forces in standard orientation:\n" + forces(STANDARD_FORCES)
    for text in (BOTH + scf() + titled, orientation(STANDARD, "Standard") + scf() + titled):
        assert_frames(read(header(as_read=None) + text), (STANDARD, -76.3, STANDARD_FORCES))
    assert_frames(read(header() + BOTH + scf() + titled + RESTORED + forces()), FIRST)
    assert defects(header() + BOTH + scf() + titled + RESTORED + forces(2 * FORCES)) == {"several-forces": (0,)}


def test_forces_in_unknown_axes_are_those_that_do_not_turn_the_molecule(read, defects):
    assert_frames(read(header() + BOTH + scf() + forces(STANDARD_FORCES)), (STANDARD, -76.3, STANDARD_FORCES))
    assert_frames(read(header() + BOTH + scf() + forces()), FIRST)
    along = np.zeros((3, 3))  # these fit both
    assert defects(header() + BOTH + scf() + forces(along)) == {"turned": (0,)}


def test_an_optimisation_and_what_it_prints_at_its_end(read):
    text = header("#P B3LYP/6-31G(d) Opt") + POINT + OTHER_POINT + " Optimization completed.\n" + orientation(OTHER)
    assert_frames(read(text), FIRST, SECOND)
    # at the end of Opt=CalcAll, forces are repeated without the energy
    assert_frames(read(text + RESTORED + forces(-FORCES)), FIRST, SECOND)


def test_frequencies_after_an_optimisation_are_of_the_same_level(read):
    route = "#N Geom=AllCheck Guess=TCheck SCRF=Check GenChk RB3LYP/6-31G(d) Freq"
    first = header("# opt freq b3lyp/6-31g* EmpiricalDispersion=GD3BJ SCRF=(SMD,Solvent=Water) scf=xqc")
    data = read(first + POINT + internal(2) + step(route) + OTHER_POINT)
    assert_frames(data, FIRST, SECOND)
    assert data.source.theory == "b3lyp/6-31g(d) EmpiricalDispersion=GD3BJ SCRF=(SMD,Solvent=Water)"


def test_jobs_at_two_levels(read):
    second = step("#P MP2/cc-pVDZ Force") + orientation(OTHER) + scf(-76.0, "RHF") + MP2 + forces(-FORCES)
    data = read(header() + POINT + TERMINATED + " Initial command:\n" + second)
    assert_frames(data, FIRST, (OTHER, -76.3, -FORCES))
    assert data.extras["theory"].tolist() == ["B3LYP/6-31G(d)", "MP2/cc-pVDZ"]


def test_an_energy_of_a_higher_level_at_the_last_geometry_is_no_frame(read):
    higher = step("#P Geom=AllCheck CCSD(T)/cc-pVDZ") + BOTH + scf(-76.0, "RHF") + " CCSD(T)= -0.76400000000D+02\n"
    assert_frames(read(header() + POINT + internal(2) + higher), FIRST)


def test_the_first_step_of_a_compound_model_has_the_level_that_it_is_at(read):
    first = header("# G4") + " Standard basis: GTBas3 (5D, 7F)\n" + POINT + internal(2)
    data = read(first + step("#N Geom=AllCheck Guess=TCheck SCRF=Check B3LYP/GTBas3 Freq") + OTHER_POINT)
    assert data.source.theory == "B3LYP/GTBas3"


def test_an_excited_state(read, defects):
    begin = header("#P TD(NStates=3,Root=2) B3LYP/6-31G(d) Force") + BOTH + scf(-76.5)
    data = read(begin + excited(-76.3, 2) + RESTORED + forces())
    assert_frames(data, FIRST)
    assert data.source.theory == "TD-B3LYP/6-31G(d), state 2"
    assert defects(begin + RESTORED + forces()) == {"other-energy": (0,)}


def test_equation_of_motion_coupled_cluster(read):
    """The state is printed with the guess alone; it is the same in later steps."""
    begin = header("#p Opt EOMCCSD=(nstates=2, root=2) STO-3G")
    guess = excited(-76.35, 2).replace("TD-HF/TD-DFT", "CIS/TDA")
    eom = " DE(Corr)= -0.20000000     E(CORR)= -0.76450000000D+02\n Total Energy, E(EOM-CCSD) =  -76.3000000000\n"
    data = read(
        begin + BOTH + scf(-76.4) + guess + eom + RESTORED + forces() + orientation(OTHER) + scf(-76.4) + eom + forces()
    )
    assert_frames(data, FIRST, (OTHER, -76.3, FORCES))
    assert data.source.theory == "EOMCCSD/STO-3G, state 2"


@pytest.mark.parametrize(
    ("method", "lines"),
    [
        ("MP2", MP2),
        ("B2PLYPD3", " E2(B2PLYPD3) =    -0.1000000000D+00 E(B2PLYPD3) =    -0.76300000000000D+02\n"),
        ("CCSD", MP2.replace("76300", "76250") + " DE(Corr)= -0.30     E(CORR)= -0.76300000000D+02     Delta=-1.0D-10\n"),
        ("MP4(SDQ)", MP2.replace("76300", "76250") + " E3=       -0.10D-01        EUMP3=      -0.7629D+02\n E4(DQ)=   -0.1D-02        UMP4(DQ)=   -0.762950D+02\n E4(SDQ)=  -0.2D-02        UMP4(SDQ)=  -0.763000000D+02\n"),
    ],
)  # fmt: skip
def test_correlated_methods(method, lines, read, defects):
    begin = header(f"#P {method}/cc-pVDZ Force") + BOTH + scf(-76.0, "RHF")
    data = read(begin + lines + RESTORED + forces())
    assert_frames(data, FIRST)
    assert data.source.theory == f"{method}/cc-pVDZ"
    assert defects(begin + RESTORED + forces()) == {"other-energy": (0,)}


def test_semiempirical_energies_have_an_exponent(read):
    text = BOTH + " SCF Done:  E(RPM6) = -0.763000000000E+02 A.U. after   18 cycles\n" + RESTORED + forces()
    assert_frames(read(header("#P PM6 Force") + text), FIRST)
    text = BOTH + " Energy=   -76.300000000000 NIter=   0.\n" + RESTORED + forces()
    data = read(header("#P External=./script Force") + text)
    assert_frames(data, FIRST)
    assert data.source.theory == "External=./script"


def test_layers(read, defects):
    begin = (
        header("#P ONIOM(B3LYP/6-31G(d):PM6) Force")
        + " Charge =  1 Multiplicity = 2 for low   level on model system.\n"
    )
    layer = " ONIOM: generating point  2 -- high level on model system.\n"
    inner = layer + orientation(OTHER[:2], "Standard", (8, 1)) + scf(-75.0) + RESTORED
    whole = " ONIOM: extrapolated energy =     -76.300000000000\n"
    data = read(begin + BOTH + inner + whole + RESTORED + forces())
    assert_frames(data, FIRST)
    assert data.source.theory == "ONIOM(B3LYP/6-31G(d):PM6)"
    assert data.source.about["charge"] == "0"
    assert defects(begin + BOTH + scf() + RESTORED + forces()) == {"layers": (0,)}


def test_a_counterpoise_correction(read, defects):
    begin = header("#P MP2/cc-pVDZ Counterpoise=2 Force") + BOTH + scf(-76.0) + MP2
    fragments = (
        " Counterpoise: doing DCBS calculation for fragment   1 NewBq=T\n"
        + scf(-38.0)
        + MP2
        + RESTORED
        + forces(-FORCES)
    )
    whole = " Counterpoise: corrected energy =     -76.300000000000\n"
    assert_frames(read(begin + fragments + whole + RESTORED + forces()), FIRST)
    assert defects(begin + RESTORED + forces()) == {"layers": (0,)}


def test_dynamics_and_reaction_paths_print_the_input_orientation_again(read):
    text = header("# B3LYP/6-31G(d) BOMD=(MaxPoints=3)") + POINT
    assert_frames(read(text + orientation(OTHER) + scf(-76.2) + forces(-FORCES) + POINT), FIRST, SECOND, FIRST)


@pytest.mark.parametrize(
    ("text", "defect"),
    [
        (orientation(OTHER) + RESTORED + forces(), "no-energy"),
        (orientation() + scf() + RESTORED + forces() + RESTORED + forces(-FORCES), "several-forces"),
        (orientation() + scf() + RESTORED + forces() + scf(-76.0), "several-energies"),
        (orientation() + " >>>>>>>>>> Convergence criterion not met.\n" + scf() + RESTORED + forces(), "not-converged"),
        (orientation() + scf() + " After PCM corrections, the energy is  -76.31  a.u.\n" + RESTORED + forces(), "other-energy"),
        (orientation() + " The following finite field(s) will be applied:\n" + scf() + RESTORED + forces(), "in-field"),
    ],
)  # fmt: skip
def test_what_does_not_belong_together_is_refused_and_the_rest_is_read(text, defect, defects):
    assert defects(header() + POINT + text) == {defect: (1,)}


def test_an_scf_that_is_repeated_until_it_converges(read):
    failed = " >>>>>>>>>> Convergence criterion not met.\n" + scf(-76.0)
    assert_frames(read(header("#P B3LYP/6-31G(d) SCF=XQC Force") + BOTH + failed + scf() + RESTORED + forces()), FIRST)


@pytest.mark.parametrize("word", ["Field=Z+50", "Charge"])
def test_fields_and_point_charges_are_refused(word, defects):
    assert defects(header(f"#P B3LYP/6-31G(d) {word} Force") + POINT) == {"in-field": (0,)}


def test_crystals_ghost_and_dummy_atoms(read, defects):
    cell = orientation(np.vstack([INPUT, [5.0, 0.0, 0.0]]), "Input", (8, 1, 1, -2)) + scf() + forces()
    assert defects(header("#P PBEPBE/6-31G Force") + cell) == {"periodic": (0,)}
    with pytest.raises(DataError, match="ghost atoms"):
        read(header() + orientation(numbers=(8, 1, 0)) + scf() + forces(numbers=(8, 1, 0)))
    dummy = orientation(np.vstack([INPUT, [1.0, 0.0, 0.0]]), "Z-Matrix", (8, 1, 1, -1)) + scf() + RESTORED + forces()
    assert_frames(read(header() + dummy), FIRST)


@pytest.mark.parametrize(
    "broken",
    [
        lambda text: text[: text.rindex("      3        1")],
        lambda text: text.replace("      2        1  ", "      3        1  "),
        lambda text: text.replace("      3        1  ", "      3        9  "),
    ],
)
def test_a_damaged_table_is_refused(broken, read):
    with pytest.raises(DataError, match=r"damaged"):
        read(header() + POINT + broken(POINT))


def test_forces_before_any_geometry_are_refused(read):
    with pytest.raises(DataError, match="forces before the geometry"):
        read(header() + scf() + forces() + POINT)


@pytest.mark.parametrize(
    ("route", "theory"),
    [
        ("#P b3lyp 6-31+g** opt=(ts,calcfc) scf=(xqc,tight) int=ultrafine", "b3lyp/6-31+g(d,p) int=ultrafine"),
        ("# def2TZVPP M062X Force", "M062X/def2TZVPP"),
        ("#UB3LYP/6-31G(d) Force", "B3LYP/6-31G(d)"),
        ("#N revTPSSrevTPSS/def2SVP Force NoSymm", "revTPSSrevTPSS/def2SVP"),
        ("# UHF / 6-31G 5d pop=Full opt", "HF/6-31G 5d"),
        ("# wB97XD/Gen Pseudo=Read Force IOp(3/76=1000001500)", "wB97XD/Gen Pseudo=Read IOp(3/76=1000001500)"),
        ("#P Force B3LYP/6-31G(d) IOp(7/33=1) EmpiricalDispersion=GD3BJ GFInput", "B3LYP/6-31G(d) EmpiricalDispersion=GD3BJ"),
    ],
)  # fmt: skip
def test_the_level_of_theory(route, theory, read):
    assert read(header(route) + POINT).source.theory == theory


def test_a_title_that_looks_like_a_route(read):
    text = header("#P B3LYP/6-31G(d) Force") + POINT
    title = " Symbolic Z-matrix:"
    text = text.replace(title, f" -------\n # 5 HF/3-21G\n -------\n{title}")
    assert read(text).source.theory == "B3LYP/6-31G(d)"


def test_charge_multiplicity_and_broken_symmetry(read):
    data = read(
        header("#P UB3LYP/6-31G(d) Force", charge=-1, multiplicity=2) + BOTH + scf(label="UB3LYP") + RESTORED + forces()
    )
    assert (data.source.about["charge"], data.source.about["multiplicity"]) == ("-1", "2")
    assert data.source.theory == "B3LYP/6-31G(d)"
    singlet = read(header("#P UB3LYP/6-31G(d) Guess=Mix Force") + BOTH + scf(label="UB3LYP") + RESTORED + forces())
    assert singlet.source.theory == "UB3LYP/6-31G(d)"
