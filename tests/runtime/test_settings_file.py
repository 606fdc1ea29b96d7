"""Settings in YAML: what they are, and what is refused with a sentence."""

import pytest

from supple.errors import SettingsError
from supple.runtime.settings_file import parse_yaml, read_settings

LAUGHS = "a: &a [x, x]\n" + "".join(
    f"{b}: &{b} [*{a}, *{a}, *{a}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)


def test_settings_are_read(tmp_path):
    (tmp_path / "best.yaml").write_text("# the best\nsigma: 10\nlam: 1.0e-8\nname: {a: [1, two]}\n")
    assert read_settings(tmp_path / "best.yaml") == {"sigma": 10, "lam": 1e-8, "name": {"a": [1, "two"]}}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (LAUGHS, r"is not YAML: aliases \(\*name\) are not supported in line 2\."),
        ("sigma: 1\nsigma: 2\n", "'sigma' is given twice in line 1"),
        ("a: !!python/object/apply:os.system ['ls']\n", "could not determine a constructor for the tag"),
        ("[" * 3000, "nested too deeply"),
        ("a: [", "is not YAML"),
        ("a: \x00", "is not YAML"),
        ("- 1\n", "must consist of lines such as"),
        ("x" * (1024**2 + 1), "larger than 1 MiB"),
    ],
)
def test_what_is_refused(tmp_path, content, reason):
    (tmp_path / "best.yaml").write_text(content)
    with pytest.raises(SettingsError, match=reason) as caught:
        read_settings(tmp_path / "best.yaml")
    assert "best.yaml" in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_single_values():
    assert parse_yaml("10") == 10
    with pytest.raises(ValueError, match="nested too deeply"):
        parse_yaml("[" * 3000)
