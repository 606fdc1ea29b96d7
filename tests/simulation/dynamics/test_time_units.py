"""Times in natural units, frames by number, and settings that fit each other."""

import numpy as np
import pytest
from simulation.dynamics.closed_form import start

from supple.errors import SettingsError
from supple.simulation.dynamics import DynamicsSettings
from supple.simulation.dynamics.initial_frames import select_frames
from supple.simulation.dynamics.time_units import format_time, parse_time


@pytest.mark.parametrize(
    ("text", "fs"), [("0.5fs", 0.5), ("100ps", 1e5), ("2 ns", 2e6), ("1e-3ns", 1e3), (" 10fs ", 10.0), (".5ps", 500.0)]
)
def test_times(text, fs):
    assert parse_time(text) == pytest.approx(fs)
    assert parse_time(format_time(fs)) == pytest.approx(fs)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("100", "The unit of '100' is missing"),
        ("3 hours", "'hours' in '3 hours' is not a unit of time"),
        ("ps", "'ps' is not a time"),
        ("1.2.3ps", "is not a time"),
        ("0fs", "must be positive"),
        ("-5ps", "must be positive"),
        ("1e999ps", "must be positive"),
        ("", "is not a time"),
    ],
)
def test_what_is_no_time(text, says):
    with pytest.raises(SettingsError) as caught:
        parse_time(text)
    assert says.lower() in str(caught.value).lower()


def test_settings_that_do_not_fit():
    with pytest.raises(SettingsError, match=r"--every 0\.7 fs is not a multiple of --timestep 0\.5 fs"):
        DynamicsSettings.of(every="0.7fs")
    with pytest.raises(SettingsError, match="--time 15 fs is not a multiple of --every 10 fs"):
        DynamicsSettings.of(time="15fs")
    with pytest.raises(
        SettingsError, match="The setting temperature of molecular dynamics: input should be greater than 0"
    ):
        DynamicsSettings.of(temperature=-3)
    with pytest.raises(
        SettingsError, match="'barostat' is not a setting of molecular dynamics: choose from ensemble, "
    ):
        DynamicsSettings.of(barostat=1)
    settings = DynamicsSettings.of(time="1ns", timestep="0.1fs", every="0.4ps")
    assert (settings.steps, settings.steps_per_frame) == (10_000_000, 4000)


@pytest.mark.parametrize(
    ("text", "frames"),
    [("0", [0]), ("-1", [7]), ("3,1", [3, 1]), ("0:6:2", [0, 2, 4]), ("6:", [6, 7]), ("2, -2", [2, 6]), (":2,7", [0, 1, 7])],
)  # fmt: skip
def test_frames_by_number(text, frames):
    assert select_frames(start(8), text).frames.tolist() == frames
    np.testing.assert_array_equal(select_frames(start(8), text).positions, start(8).positions[frames])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("8", "There is no frame 8 in start.xyz, which has 8"),
        ("-9", "There is no frame -9"),
        ("first", "'first' does not name frames"),
        ("", "does not name frames"),
        ("1,,2", "does not name frames"),
        ("0:5:0", "does not name frames"),
        ("1:2:3:4", "does not name frames"),
        ("5:5", "selects none of the 8 frames"),
    ],
)
def test_what_names_no_frames(text, says):
    with pytest.raises(SettingsError, match=says):
        select_frames(start(8), text)
