"""Keep the tables of docs/settings.md equal to the code: `settings_tables.py` says whether they are, `--write` makes them so."""

from __future__ import annotations

import sys
from pathlib import Path

from supple.models.registry.settings import ModelSettings

from supple import SGDML, SchNet

PAGE = Path(__file__).parent.parent / "docs" / "settings.md"


def table(model: type[ModelSettings]) -> str:
    """All settings of a model, as rows."""
    rows = ["| setting | default | what it is |", "|---|---|---|"]
    for name, field in model.model_fields.items():
        default = "-" if field.default is None else f"`{field.default}`"
        rows.append(f"| `{name}` | {default} | {field.description} |")
    return "\n".join(rows)


def main() -> int:
    """Compare or write; 1 when the page is behind the code."""
    page = PAGE.read_text(encoding="utf-8")
    new = page
    for model in (SGDML, SchNet):
        before, heading, after = new.partition(f"\n## {model.kind}\n")
        introduction, _, rest = after.partition("\n| setting |")
        rest = rest[rest.index("\n\n") :] if "\n\n" in rest else "\n"
        new = f"{before}{heading}{introduction}\n{table(model)}{rest}"
    if new == page:
        return 0
    if "--write" in sys.argv:
        PAGE.write_text(new, encoding="utf-8")
        return 0
    print(f"{PAGE.name} is behind the code: run scripts/settings_tables.py --write")
    return 1


if __name__ == "__main__":
    sys.exit(main())
