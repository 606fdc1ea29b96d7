"""Files of older versions are upgraded step by step; newer ones are refused."""

import pytest

from supple.errors import SettingsError
from supple.runtime.format_versions import upgraded

UPGRADES = {1: lambda content: {"b": content["a"]}, 2: lambda content: {"c": content["b"] + 1}}


def test_upgrades_are_chained():
    assert upgraded({"a": 1}, 3, UPGRADES, "x.json") == {"c": 2, "format_version": 3}
    assert upgraded({"format_version": 2, "b": 5}, 3, UPGRADES, "x.json") == {"c": 6, "format_version": 3}


def test_the_current_version_is_left_as_it_is():
    assert upgraded({"format_version": 3, "c": 7}, 3, UPGRADES, "x.json") == {"format_version": 3, "c": 7}


def test_a_newer_version_is_refused():
    with pytest.raises(SettingsError, match=r"x\.json has format version 4, written by a newer version of Supple"):
        upgraded({"format_version": 4}, 3, UPGRADES, "x.json")


@pytest.mark.parametrize("version", ["new", 0, None])
def test_a_version_that_never_was_is_refused(version):
    with pytest.raises(SettingsError, match="does not exist"):
        upgraded({"format_version": version}, 3, UPGRADES, "x.json")
