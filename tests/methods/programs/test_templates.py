"""Templates of programs: Supple's own, and what is wrong with one of the user's."""

import re
from pathlib import Path

import pytest
from ase.build import molecule

from supple.errors import SettingsError
from supple.methods import METHODS, find_method
from supple.methods.programs.fill import fill, geometry_lines
from supple.methods.programs.template import ProgramTemplate, own_templates

PAGE = (Path(__file__).parents[3] / "docs" / "methods.md").read_text(encoding="utf-8")
LEVELS = {
    "psi4": "B3LYP-D3BJ/def2-SVP",
    "nwchem": "PBE0/def2-svp",
    "orca": "PBE0 D4 def2-TZVP",
    "gaussian": "B3LYP/def2SVP EmpiricalDispersion=GD3BJ",
    "qchem": "wB97X-D/def2-SVP",
    "xtb": "GFN2",
    "mopac": "PM7",
}


def test_every_template_is_a_method():
    assert sorted(LEVELS) == own_templates()
    assert set(own_templates()) < set(METHODS)


@pytest.mark.parametrize("name", LEVELS)
def test_all_placeholders_are_known(name):
    template, water = ProgramTemplate.own(name), molecule("H2O")
    parts = template.parts(LEVELS[name])
    for charge, multiplicity, cores in ((0, 1, 1), (1, 2, 4)):
        values = {
            **parts, "geometry": geometry_lines(water), "charge": charge, "multiplicity": multiplicity,
            "unpaired": multiplicity - 1, "cores": cores, "memory": 2000, "folder": "/scratch", "executable": name,
        }  # fmt: skip
        attempts = [fill(text, values, "attempts") for text in template.attempts]
        files = [fill(text, values | {"attempt": attempts[-1]}, name) for text in template.files.values()]
        whole = "\n".join([*files, fill(template.command, values, "command")])
        assert attempts[-1] in whole
        named = {key: part for key, part in parts.items() if key != "level"} or {
            "level": parts["level"].removeprefix("GFN")
        }
        assert all(part in whole for part in named.values())
        assert "0.119262" in whole
        for text in template.environment.values():
            fill(text, values, "environment")
    assert find_method(f"{name}:{LEVELS[name]}").theory == LEVELS[name]


@pytest.mark.parametrize("method", ["psi4:HF", "xtb:GFN3", "mopac:PM7 EPS=78", "nwchem:", "orca:"])
def test_levels_that_a_program_does_not_have(method):
    with pytest.raises(SettingsError, match=r"is not a level of theory of .*: write it as "):
        find_method(method)


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ("colour: red", "colour: extra inputs are not permitted"),
        ("cores: 0", "cores: input should be greater than 0"),
        ("success: '('", "success: '[(]' is not a regular expression"),
        ("files: {../input: x}", r"\.\./input is not the name of a file"),
        ("like: psi5", "there is no template 'psi5'; choose one of gaussian"),
        ("like: psi4", "has no level of theory: add a line such as 'level: B3LYP"),
    ],
)
def test_what_is_wrong_with_a_template(tmp_path, lines, sentence):
    file = tmp_path / "mine.yaml"
    start = "" if lines.startswith("like") else "program: P\nexecutable: p\ncommand: p\n"
    file.write_text(f"{start}{lines}\n")
    with pytest.raises(SettingsError, match=sentence):
        find_method(f"template:{file}")


def test_an_unknown_placeholder_is_named(template):
    water = molecule("H2O")
    water.calc = find_method(template("attempts: ['{{ basis }}']")).calculator(0, 1)
    with pytest.raises(
        SettingsError, match=r"attempts of Fake cannot be filled \('basis' is undefined\): its placeholders are"
    ):
        water.get_potential_energy()


def test_a_template_like_another(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text("like: psi4\nlevel: PBE0/def2-SVP\ncores: 4\nmemory: 8000\n")
    method = find_method(f"template:{file}")
    assert (method.theory, method.cores, method.package) == ("PBE0/def2-SVP", 4, "Psi4")


def test_the_page_names_every_method():
    for name in METHODS:
        assert f"| `{name}" in PAGE or f", `{name}" in PAGE


@pytest.mark.parametrize("example", re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL))
def test_the_templates_of_the_page(tmp_path, example):
    (tmp_path / "example.yaml").write_text(example)
    template = ProgramTemplate.from_file(tmp_path / "example.yaml")
    assert template.level in find_method(f"template:{tmp_path / 'example.yaml'}").theory
