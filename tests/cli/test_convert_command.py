"""`supple convert` through its real entry point."""

import numpy as np
from toy import toy_dataset

import supple
from supple.data.writing import write_extxyz


def test_from_one_format_to_another_and_back(shell):
    write_extxyz(shell.folder / "a.xyz", toy_dataset(5), "kcal/mol")
    out, _ = shell("convert", "a.xyz", "b.npz")
    assert "b.npz  5 frames of CH4O (sgdml)" in out
    assert "supple check b.npz" in out
    shell("convert", "b.npz", "c.db", "--to", "schnetpack", "--out-units", "hartree,bohr")
    first, last = (supple.read(shell.folder / name) for name in ("a.xyz", "c.db"))
    np.testing.assert_allclose(last.energies, first.energies, rtol=1e-15)
    assert last.source.units.energy == "hartree"


def test_nothing_is_overwritten_by_accident(shell):
    write_extxyz(shell.folder / "a.xyz", toy_dataset(3), "eV")
    assert "The output a.xyz is an input file" in shell.refused("convert", "a.xyz", "a.xyz", "--overwrite")
    shell("convert", "a.xyz", "b.npz")
    assert "--overwrite" in shell.refused("convert", "a.xyz", "b.npz")
    shell("convert", "a.xyz", "b.npz", "--overwrite")
    shell("convert", "[a].xyz", "b.npz", "--overwrite")
    assert "has no suffix of a format" in shell.refused("convert", "a.xyz", "b.foo")


def test_calculations_that_failed_are_left_out_on_request_and_named(shell):
    (shell.folder / "jobs").mkdir()
    for k in range(3):
        write_extxyz(shell.folder / "jobs" / f"{k}.xyz", toy_dataset(8).select([2 * k, 2 * k + 1]), "eV")
    (shell.folder / "jobs" / "9.xyz").write_text("6\nan output that ends here\n")
    refused = shell.refused("convert", "jobs", "all.xyz")
    assert "1 of 4 files cannot be read. 9.xyz: " in refused
    assert refused.endswith("To leave them out: --accept unreadable.")
    out, _ = shell("convert", "jobs", "all.xyz", "--accept", "unreadable")
    assert "1 file that cannot be read was left out: 9.xyz." in out
    assert len(supple.read(shell.folder / "all.xyz")) == 6
