"""Model files of older format versions pass through every upgrade in turn; newer ones are refused."""

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.torch import save_file

from supple import Potential, load
from supple.errors import ModelFileError
from supple.models import upgrades
from supple.models.upgrades import Content, upgrade

FOLDER = Path(__file__).parent / "old_models"


def content_of(path: Path) -> Content:
    with safe_open(path, framework="pt") as file:
        return Content(
            json.loads(file.metadata()["supple"]),
            {name: file.get_tensor(name) for name in file.keys()},  # noqa: SIM118
        )


def assert_same(potential: Potential, other: Potential) -> None:
    positions = np.random.default_rng(0).normal(size=(2, 6, 3)) * 2
    for ours, theirs in zip(potential.predict(positions), other.predict(positions), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def write(path: Path, content: Content) -> Path:
    save_file(content.arrays, path, metadata={"supple": json.dumps(content.header)})
    return path


def from_version_0(content: Content) -> Content:
    """A version that never was, before the first: the length scale had another name and unit, and an array was called otherwise."""
    configuration = dict(content.header["configuration"])
    configuration["sigma"] = configuration.pop("length_scale_in_pm") / 100
    arrays = dict(content.arrays)
    arrays["v"] = arrays.pop("weights")
    return Content(content.header | {"configuration": configuration}, arrays)


def test_an_older_file_is_upgraded(tmp_path, monkeypatch):
    """Through all versions in turn."""
    first = FOLDER / "v1-sgdml.safetensors"
    header, arrays = content_of(first)
    configuration = dict(header["configuration"])
    configuration["length_scale_in_pm"] = 100 * configuration.pop("sigma")
    arrays["weights"] = arrays.pop("v")
    old = Content(header | {"format_version": 0, "configuration": configuration}, arrays)
    file = write(tmp_path / "old.safetensors", old)
    with pytest.raises(ModelFileError, match="format version 0, which this version of Supple cannot read"):
        load(file)
    monkeypatch.setattr(upgrades, "UPGRADES", {0: from_version_0, **upgrades.UPGRADES})
    assert_same(load(file), load(first))


def test_the_length_scale_of_version_1_is_a_kernel_with_one(tmp_path):
    first = FOLDER / "v1-sgdml.safetensors"
    header, arrays = content_of(first)
    kernel = load(first).module.kernel
    assert kernel.function.name == "matern-5/2"
    assert kernel.sigma == pytest.approx(header["configuration"]["sigma"], rel=1e-15)
    load(first).save(tmp_path / "again.safetensors")
    again = content_of(tmp_path / "again.safetensors")
    assert again.header["format_version"] == upgrades.FORMAT_VERSION
    assert set(again.header["configuration"]) == {"kernel", "descriptor"}
    assert set(again.arrays) == {*arrays, "kernel.weights"}
    assert_same(load(tmp_path / "again.safetensors"), load(first))


@pytest.mark.parametrize("file", sorted(FOLDER.glob("v2-*.safetensors")), ids=lambda file: file.stem)
def test_upgrades_are_chained(file, monkeypatch):
    """Files of today in a future with two more versions."""
    calls = []

    def to_version_3(content: Content) -> Content:
        calls.append(3)
        return Content(content.header | {"chemistry": content.header["numbers"]}, content.arrays)

    def to_version_4(content: Content) -> Content:
        calls.append(4)
        header = dict(content.header)
        return Content(header | {"numbers": header.pop("chemistry")}, content.arrays)

    before = load(file)
    monkeypatch.setattr(upgrades, "FORMAT_VERSION", 4)
    monkeypatch.setattr(upgrades, "UPGRADES", {2: to_version_3, 3: to_version_4})
    after = load(file)
    assert calls == [3, 4]
    assert_same(before, after)


def test_a_newer_file_is_refused():
    with pytest.raises(ModelFileError, match=r"newer version of Supple: it has format version 5.*Update Supple"):
        upgrade(Content({"format_version": 5}, {}), Path("new.safetensors"))


@pytest.mark.parametrize("version", [None, "1"])
def test_a_file_without_a_version_is_refused(version):
    with pytest.raises(ModelFileError, match="states no format version"):
        upgrade(Content({"format_version": version}, {}), Path("odd.safetensors"))


def test_the_present_format_is_left_alone():
    content = Content({"format_version": upgrades.FORMAT_VERSION, "kind": "sgdml"}, {})
    assert upgrade(content, Path("model.safetensors")) == content
