"""Damaged and forged files through the commands: one sentence that names the file, exit code 2, nothing written."""

import json
import shutil

import pytest
from safetensors import safe_open
from safetensors.torch import save_file

NESTED = '{"a": ' * 5000
ERRORS = {"mae": 1, "rmse": 1, "unit": "eV/Å"}
LAUGHS = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n"
TRAIN = ("train", "toy.xyz", "--train", 40, "--valid", 20, "--seed", 7, "--out", "sgdml.safetensors",
         "--set", "sigma=8", "--set", "descriptor=inverse-distances", "--set", "energies=integrated")  # fmt: skip
MD = ("md", "sgdml.safetensors", "--start", "toy.xyz", "--temperature", 100, "--time", "5fs", "--every", "1fs",
      "--on-leave", "warn", "--out", "md.xyz")  # fmt: skip


@pytest.fixture
def here(shared, shell):
    """Data, a model and its run in a folder of its own."""
    for name in ("toy.xyz", "sgdml.safetensors"):
        shutil.copyfile(shared.folder / name, shell.folder / name)
    shutil.copytree(shared.folder / "sgdml.run", shell.folder / "sgdml.run")
    return shell


def damage(shell, name, content):
    """Replace the content of a file, or change values in it."""
    file = shell.folder / name
    if isinstance(content, dict):
        content = json.dumps(json.loads(file.read_text()) | content)
    file.write_bytes(content if isinstance(content, bytes) else content.encode())


def refused(shell, *words):
    said = shell.refused(*words)
    assert said.startswith("supple: ")
    return said


def test_it_is_sound_before(here):
    assert here.json(*TRAIN)["n_train"] == 40


def test_errors_of_an_earlier_version_have_no_tails(here):
    """They are null in JSON, and left empty in the table."""
    damage(here, "sgdml.run/result.json", {"validation": {"n_frames": 20, "energy": None, "forces": ERRORS}})
    assert here.json(*TRAIN)["validation"]["forces"] == ERRORS | {"p95": None, "max": None}
    out, _ = here(*TRAIN)
    (line,) = [line for line in out.splitlines() if "eV/Å" in line]
    assert [cell.strip() for cell in line.strip(" │").split("│")] == ["forces", "1", "1", "-", "-", "eV/Å"]


@pytest.mark.parametrize("command", ["evaluate", "predict", "md", "relax", "export"])
@pytest.mark.parametrize("header", [{"numbers": [10**30]}, NESTED], ids=["numbers", "nested"])
def test_models(here, command, header):
    path = here.folder / "sgdml.safetensors"
    with safe_open(path, framework="pt") as file:
        text = file.metadata()["supple"]
        arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    text = json.dumps(json.loads(text) | header) if isinstance(header, dict) else header
    save_file(arrays, path, metadata={"supple": text})
    words = {"export": ("--to", "sgdml"), "md": ("--start", "toy.xyz")}.get(command, ("toy.xyz",))
    assert "sgdml.safetensors" in refused(here, command, "sgdml.safetensors", *words)


@pytest.mark.parametrize("name", ["run.json", "result.json"])
@pytest.mark.parametrize("content", ["[]", NESTED, b"\xff\xfe", b"\0" * 100, "", '{"seed": 1, "seed": 2}'])
def test_records_of_a_run(here, name, content):
    damage(here, f"sgdml.run/{name}", content)
    assert name in refused(here, *TRAIN)


@pytest.mark.parametrize("values", [{"configuration": []}, {"configuration": "abc"}, {"versions": [1]}])
def test_values_of_run_json(here, values):
    damage(here, "sgdml.run/run.json", values)
    assert "run.json" in refused(here, *TRAIN)


@pytest.mark.parametrize(
    "values",
    [
        {"n_train": -1},
        {"seconds": float("nan")},
        {"validation": {"n_frames": 1, "energy": None, "forces": {"mae": -1, "rmse": 1, "unit": "eV"}}},
        {"validation": {"n_frames": 1, "energy": None, "forces": ERRORS | {"p95": -1}}},
        {"validation": {"n_frames": 1, "energy": None, "forces": ERRORS | {"max": float("nan")}}},
        {"validation": {"n_frames": 1, "energy": None, "forces": ERRORS | {"max": float("inf")}}},
    ],
)
def test_values_of_result_json(here, values):
    damage(here, "sgdml.run/result.json", values)
    assert "result.json" in refused(here, *TRAIN)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ('{"train": [0, 1], "valid": [2, 100]}', "lists frame 100, but the data have frames 0 to 99"),
        ('{"train": [0, -1], "valid": [2]}', "lists frame -1"),
        ('{"train": [0, 0], "valid": [2]}', "a frame twice"),
        ('{"train": [0, 1.5], "valid": [2]}', "train.1: input should be a valid integer"),
        ('{"train": [0, "1"], "valid": [2]}', "train.1: input should be a valid integer"),
        ('{"train": [true], "valid": [2]}', "train.0: input should be a valid integer"),
        ('{"train": [1e30], "valid": [2]}', "train.0"),
        ('{"valid": [2]}', "train: field required"),
        ('{"train": [0], "train": [1], "valid": [2]}', "'train' occurs twice"),
        (NESTED, "s.json is not a split"),
    ],
)
def test_splits(here, content, reason):
    (here.folder / "s.json").write_text(content)
    said = refused(here, "train", "toy.xyz", "--split", "s.json", "--out", "new.safetensors")
    assert reason in said
    assert "s.json" in said or "The training frames of the split" in said


def test_settings(here):
    (here.folder / "best.yaml").write_text(LAUGHS)
    assert "best.yaml is not YAML: aliases" in refused(
        here, "train", "toy.xyz", "--settings", "best.yaml", "--out", "n.safetensors"
    )
    for value, reason in (
        ("[" * 3000, "nested too deeply"),
        (".nan", "sigma"),
        (".inf", "sigma"),
        ("-1", "sigma"),
        ("[1", "cannot be read"),
    ):
        said = refused(
            here, "train", "toy.xyz", "--train", 40, "--valid", 20, "--set", f"sigma={value}", "--out", "n.safetensors"
        )
        assert reason in said


def test_the_state_of_dynamics(here):
    here(*MD)
    file = here.folder / "md.run" / "state.json"
    good = json.loads(file.read_text())
    frames = (here.folder / "md.xyz").read_bytes()
    for change, reason in (
        ({"frames": -1}, "frames: input should be greater than 0"),
        ({"frames": 2.5}, "frames"),
        ({"left": -1}, "left"),
        ({"step": "many"}, "step"),
        ({"positions": good["replicas"][0]["positions"][:3]}, "positions of 3 atoms"),
        ({"positions": [[float("nan")] * 3] * 6}, "positions.0.0"),
        ({"momenta": [[0.0, 0.0]] * 6}, "momenta"),
        (
            {"rng": {"bit_generator": "PCG64", "state": {"state": -1, "inc": 2**200}, "has_uint32": 0, "uinteger": 0}},
            "rng",
        ),
        ({"rng": {}}, "rng"),
    ):
        file.write_text(json.dumps({"replicas": [good["replicas"][0] | change]}))
        said = refused(here, *MD)
        assert "state.json cannot be read" in said
        assert reason in said
    for content, reason in (
        ([], "1 replicas"),
        ({"replicas": []}, "1 replicas"),
        ({"replicas": good["replicas"] * 2}, "1 replicas"),
    ):
        file.write_text(json.dumps(content))
        assert reason in refused(here, *MD)
    assert (here.folder / "md.xyz").read_bytes() == frames
    file.write_text(json.dumps(good))
    here(*MD)


@pytest.mark.parametrize(
    "content",
    [
        NESTED,
        '{"cells": [{"dataset": "../../x", "model": "sgdml", "n_train": 1, "seed": 0}]}',
        '{"format_version": 1, "datasets": {"\\u001b[2J": 3}}',
    ],
)
def test_the_record_of_a_study(here, content):
    (here.folder / "study").mkdir()
    damage(here, "study/study.json", content)
    said = refused(
        here,
        "study",
        "toy.xyz",
        "--models",
        "sgdml",
        "--sizes",
        "20",
        "--seeds",
        "1",
        "--out",
        "study",
        "--set",
        "sgdml.sigma=8",
    )
    assert "study.json is damaged" in said
    assert "\x1b" not in said


@pytest.mark.slow
def test_the_journal_of_a_search(here):
    words = (
        "tune",
        "toy.xyz",
        "--model",
        "sgdml",
        "--train",
        20,
        "--valid",
        10,
        "--trials",
        1,
        "--set",
        "lam=1e-8",
        "--out",
        "search",
    )
    here(*words)
    journal = here.folder / "search" / "trials.log"
    good = journal.read_bytes()
    journal.write_bytes(good + b'{"op_code":6,"wor')
    _, err = here(*words)
    assert "trials.log ended in an incomplete line" in err
    assert journal.read_bytes().startswith(good)
    assert all(map(json.loads, journal.read_bytes().splitlines()))
    journal.write_bytes(b"garbage\n" + good)
    assert "Line 1 of search/trials.log is damaged" in refused(here, *words)
