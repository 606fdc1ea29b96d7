"""The same dynamics in every format: reading gives the same, and so does an analysis."""

import numpy as np
import pytest
from simulation.dynamics.closed_form import Springs, start

from supple.simulation.analysis import analyse, read_trajectory
from supple.simulation.analysis.analysis_json import analysis_json
from supple.simulation.dynamics import DynamicsSettings, run_md

#: Relative precision of arrays: text and .traj keep all digits, H5MD is in single precision.
PRECISION = {".traj": 1e-14, ".h5": 2e-7}


@pytest.fixture(scope="module", params=["nve", "nose-hoover"])
def trajectories(request, tmp_path_factory):
    """By their endings."""
    folder = tmp_path_factory.mktemp(request.param)
    settings = DynamicsSettings.of(ensemble=request.param, time="600fs", every="3fs", damping="20fs")
    for ending in (".xyz", ".traj", ".h5"):
        run_md(Springs(), start(), settings, folder / ending[1:] / f"md{ending}")
    return {ending: read_trajectory(folder / ending[1:] / f"md{ending}") for ending in (".xyz", ".traj", ".h5")}


@pytest.mark.parametrize("ending", PRECISION)
def test_reading_gives_the_same(trajectories, ending):
    wanted, found = trajectories[".xyz"], trajectories[ending]
    assert len(found) == 201
    assert found.interval == 3.0
    for name in ("numbers", "masses", "times", "energies", "conserved", "temperatures"):
        np.testing.assert_array_equal(getattr(found, name), getattr(wanted, name))
    for name in ("positions", "momenta", "forces"):
        expected = getattr(wanted, name)
        np.testing.assert_allclose(
            getattr(found, name), expected, rtol=0, atol=PRECISION[ending] * np.abs(expected).max()
        )
    kelvins = 2 * found.kinetic_energies / (12 * 8.617330337217213e-5)  # of 3N - 6 degrees of freedom
    np.testing.assert_allclose(kelvins, found.temperatures, rtol=1e-5)


@pytest.mark.parametrize("ending", PRECISION)
def test_an_analysis_finds_the_same(trajectories, ending):
    wanted, found = analyse([trajectories[".xyz"]]), analyse([trajectories[ending]])
    assert found.spectrum is not None
    np.testing.assert_allclose(
        found.spectrum.density, wanted.spectrum.density, atol=1e-5 * wanted.spectrum.density.max()
    )
    assert found.spectrum.peaks == wanted.spectrum.peaks
    for one, other in zip(found.equipartition.temperatures, wanted.equipartition.temperatures, strict=True):
        assert (one.kelvin, one.error) == pytest.approx((other.kelvin, other.error), rel=1e-4, abs=1e-6)
    assert found.drifts[0].slope == wanted.drifts[0].slope  # times and energies are in double precision everywhere
    assert found.temperature == pytest.approx(wanted.temperature, rel=1e-6)
    one, other = (analysis_json(analysis) for analysis in (found, wanted))
    assert one.keys() == other.keys()
    assert [text.replace(f"md{ending}", "md.xyz") for text in one["sentences"]] == other["sentences"]
