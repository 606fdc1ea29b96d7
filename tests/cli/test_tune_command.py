"""`supple tune` from its command to the settings that `supple train` takes."""

from toy import toy_dataset

from supple.data.writing import write_extxyz


def test_tuned_settings_can_be_trained_with(shell, monkeypatch):
    monkeypatch.setattr("supple.tuning.report.write_figure", lambda stem, figure: [])  # drawn in tests/tuning
    write_extxyz(shell.folder / "toy.xyz", toy_dataset(60), "kcal/mol")
    command = ("tune", "toy.xyz", "--model", "sgdml", "--trials", 2, "--train", 20, "--valid", 10)
    found = shell.json(*command)
    assert found["unit"] == "kcal/mol/Å"
    assert found["best"] is not None
    out, _ = shell(*command)  # all is done already
    assert found["sentence"] in out
    assert "--settings toy-sgdml-tuning/best.yaml" in out
    shell("train", "toy.xyz", "--train", 20, "--valid", 10, "--settings", found["settings_file"])


def test_nothing_is_left_of_a_refused_search(shell):
    write_extxyz(shell.folder / "toy.xyz", toy_dataset(60), "kcal/mol")
    assert "'anything' is not a model" in shell.refused(
        "tune", "toy.xyz", "--model", "anything", "--train", 20, "--valid", 10
    )
    assert "not a setting of schnet" in shell.refused(
        "tune", "toy.xyz", "--train", 20, "--valid", 10, "--set", "wings=2"
    )
