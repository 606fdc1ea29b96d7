"""Compare the tables of docs/settings.md with the code; with `--write`, update them."""

from __future__ import annotations

import sys
from pathlib import Path

from supple import SGDML, SchNet
from supple.models.settings import ModelSettings

PAGE = Path(__file__).parent.parent / "docs" / "settings.md"


def table(model: type[ModelSettings]) -> str:
    """The settings of a model as a Markdown table."""
    rows = ["| setting | default | what it is |", "|---|---|---|"]
    for name, field in model.model_fields.items():
        default = "-" if field.default is None else f"`{field.default}`"
        rows.append(f"| `{name}` | {default} | {field.description} |")
    return "\n".join(rows)


def main() -> int:
    """Compare or write; return 1 if the page is out of date."""
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
    print(f"{PAGE.name} is out of date: run scripts/settings_tables.py --write")
    return 1


if __name__ == "__main__":
    sys.exit(main())
