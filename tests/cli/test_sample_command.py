"""`supple sample`: what it prints before and after."""

import pytest
from ase.build import molecule
from ase.io import write
from inline_workers import sample_here

pytest.importorskip("tblite")


def test_it_estimates_the_calculations_and_counts_failures(shell, monkeypatch):
    write(shell.folder / "water.xyz", molecule("H2O"))
    (shell.folder / "mine.py").write_text(
        "from ase.calculators.emt import EMT\n"
        "from ase.calculators.calculator import CalculationFailed\n"
        "class Broken(EMT):\n"
        "    def calculate(self, *args, **kwargs):\n"
        "        raise CalculationFailed('no orbitals')\n"
        "def broken():\n"
        "    return Broken()\n"
    )
    monkeypatch.syspath_prepend(shell.folder)
    command = ["sample", "water.xyz", "--draw", "modes:frames=3", "--draw", "md:frames=4,every=2,settle=2"]
    out, err = shell(*command, "--jobs", 1, "--out", "good.xyz")
    assert "modes_300K: 3 frames, about 81 calculations" in err
    assert "md_water_500K: 4 frames, about 14 calculations" in err
    assert "About 95 GFN2-xTB calculations in total for water.xyz; frames are written to good.xyz." in err
    assert "7 frames in good.xyz" in out
    sample_here(monkeypatch)
    _, err = shell(*command, "--method", "mine:broken", "--drive", "GFN2-xTB", "--jobs", 1, "--out", "bad.xyz", code=2)
    assert "No calculation succeeded: no orbitals" in err


def test_remarks_are_printed_once(shell, monkeypatch):
    sample_here(monkeypatch)
    write(shell.folder / "ethanol.xyz", molecule("CH3CH2OH"))
    draw = "path:to=7-1-2-3=60,images=3,steps=2,fmax=0.001"
    out, err = shell("sample", "ethanol.xyz", "--draw", draw, "--jobs", 1)
    assert err.count("remains on the band after 2 steps") == 1
    assert "3 frames in ethanol-sampled.xyz" in out
