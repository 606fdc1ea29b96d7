"""`supple check` through its real entry point."""

import json

import numpy as np
from toy import toy_dataset

from supple import Dataset, load
from supple.data.writing import write_extxyz


def test_sound_data_give_a_card_and_exit_code_0(shell):
    write_extxyz(shell.folder / "sound.xyz", toy_dataset(60), "kcal/mol")
    out, _ = shell("check", "sound.xyz")
    for words in ("CH4O, 6 atoms", "agree (slope 1.0", "methyl group", "No problems found", "supple train sound.xyz"):
        assert words in out


def test_serious_findings_give_exit_code_1_and_say_what_to_do(shell):
    data = toy_dataset(60)
    write_extxyz(
        shell.folder / "bad.xyz", Dataset.of(data.numbers, data.positions, data.energies, -data.forces), "kcal/mol"
    )
    out, _ = shell("check", "bad.xyz", "--html", "page.html", code=1)
    assert "error  energy-scale: the energies are not on the scale of the forces" in out
    assert "1 error, 0 warnings." in out
    assert "gradients" in out
    assert "gradients" in (shell.folder / "page.html").read_text()
    assert "train" not in out.split("Next:")[1]
    assert shell.refused("train", "bad.xyz", "--train", 20, "--valid", 10).endswith("--accept energy-scale.)")


def test_json_is_one_object_with_everything(shell):
    data = toy_dataset(60)
    energies = data.energies.copy()
    energies[[3, 8]] = np.nan
    write_extxyz(shell.folder / "gaps.xyz", Dataset.of(data.numbers, data.positions, energies, data.forces), "eV")
    out, _ = shell("check", "gaps.xyz", "--json")
    found = json.loads(out)
    (file,) = found["files"]
    assert file["card"]["formula"] == "CH4O"
    assert {"name": "missing-energy", "frames": [3, 8], "severity": "warning"}.items() <= next(
        f for f in file["findings"] if f["name"] == "missing-energy"
    ).items()
    assert found["counts"]["serious"] == 0


def test_units_that_are_not_stated_are_guessed_and_the_next_command_says_them(shell):
    data = toy_dataset(40)
    rows = [
        f"6\n{e * 23.060547830619026!r}\n"
        + "".join(
            f"{s} {' '.join(map(repr, r))} {' '.join(map(repr, f))}\n"
            for s, r, f in zip(data.symbols, p.tolist(), (g * 23.060547830619026).tolist(), strict=True)
        )
        for e, p, g in zip(data.energies.tolist(), data.positions, data.forces, strict=True)
    ]
    (shell.folder / "plain.xyz").write_text("".join(rows))
    out, _ = shell("check", "plain.xyz")
    assert "units-unstated" in out
    assert "supple train plain.xyz --units kcal/mol" in out


def test_mistakes_are_one_sentence(shell):
    assert "There is no file nowhere.xyz" in shell.refused("check", "nowhere.xyz")
    (shell.folder / "data.xyz").write_text("1\n\nH 0 0 0 0 0 0\n")
    assert "'parsec' is not a known energy unit" in shell.refused("check", "data.xyz", "--units", "parsec")


def test_the_next_command_leaves_out_calculations_that_failed_and_works_as_typed(shell):
    data = toy_dataset(30)
    for name in ("jobs", "one"):
        (shell.folder / name).mkdir()
    for k in range(3):
        write_extxyz(shell.folder / "jobs" / f"{k}.xyz", data.select(range(10 * k, 10 * k + 10)), "eV")
    (shell.folder / "jobs" / "9.xyz").write_text("6\nan output that ends here\n")
    (shell.folder / "one" / "9.xyz").write_text("6\nan output that ends here\n")
    out, _ = shell("check", "jobs", code=1)
    command = out.split("Next:")[1].split()
    assert command == ["supple", "train", "jobs", "--accept", "unreadable", "--train", "15", "--valid", "7"]
    out, err = shell(*command[1:], "--set", "sigma=10", "--set", "lam=1e-10", "--out", "a.safetensors")
    note = "1 file that cannot be read was left out: 9.xyz."
    assert note in out + err
    assert load(shell.folder / "a.safetensors").provenance.notes[0] == note
    out, _ = shell(*out.split("Next:")[1].split()[1:])
    assert note in out
    out, _ = shell("check", "one", code=1)
    assert out.split("Next:")[1].strip() == "supple check one   # after the corrections"
