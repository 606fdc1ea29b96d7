"""Files of older versions are upgraded step by step; newer ones are refused."""

import pytest

from supple.errors import SettingsError
from supple.runtime.format_versions import upgrade_json

UPGRADES = {1: lambda content: {"b": content["a"]}, 2: lambda content: {"c": content["b"] + 1}}


def test_upgrades_are_chained():
    assert upgrade_json({"a": 1}, 3, UPGRADES, "x.json") == {"c": 2, "format_version": 3}
    assert upgrade_json({"format_version": 2, "b": 5}, 3, UPGRADES, "x.json") == {"c": 6, "format_version": 3}


def test_the_current_version_is_left_as_it_is():
    assert upgrade_json({"format_version": 3, "c": 7}, 3, UPGRADES, "x.json") == {"format_version": 3, "c": 7}


def test_a_newer_version_is_refused():
    with pytest.raises(
        SettingsError, match=r"x\.json was written by a newer version of Supple: it has format version 4"
    ):
        upgrade_json({"format_version": 4}, 3, UPGRADES, "x.json")


@pytest.mark.parametrize("version", ["new", 0, None])
def test_a_version_that_never_was_is_refused(version):
    with pytest.raises(SettingsError, match=r"states no format version|cannot read"):
        upgrade_json({"format_version": version}, 3, UPGRADES, "x.json")
