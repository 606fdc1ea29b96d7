"""docs/sampling.md lists every way to draw geometries with its settings and their defaults."""

from pathlib import Path

import pytest
from pydantic_core import PydanticUndefined

from supple.sampling.draws import DRAWS

PAGE = (Path(__file__).parents[2] / "docs" / "sampling.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", ["md", "scan", "modes", "path", "frames"])
def test_the_page_lists_the_settings_of_each_draw(kind):
    (row,) = (line for line in PAGE.splitlines() if line.startswith(f"| `{kind}` |"))
    for name, field in DRAWS.get(kind).model_fields.items():
        if name in ("kind", "start"):
            continue
        setting, text = f"`{field.alias or name}`", PAGE if name.startswith("burst") else row
        assert setting in text
        if field.default not in (None, PydanticUndefined):
            default = str(field.default).lower() if isinstance(field.default, bool) else f"{field.default:g}"
            assert text.split(setting)[1].lstrip().startswith(f"({default}"), f"{setting} is {default}"
