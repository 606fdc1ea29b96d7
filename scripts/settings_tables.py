"""Keep the tables of docs/settings.md equal to the code: without arguments checks whether they are, with `--write` updates them."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from pydantic import BaseModel

from supple.models.neural.options import TrainingOptions
from supple.models.registry import MODELS
from supple.models.settings import ModelSettings

PAGE = Path(__file__).parent.parent / "docs" / "settings.md"


def table(model: type[BaseModel], names: Iterable[str]) -> str:
    """Settings of a model, as rows."""
    rows = ["| setting | default | what it is |", "|---|---|---|"]
    for name in names:
        field = model.model_fields[name]
        default = "-" if field.default is None else f"`{field.default}`"
        rows.append(f"| `{name}` | {default} | {field.description} |")
    return "\n".join(rows)


def tables() -> dict[str, str]:
    """The table under each heading of the page: the settings of each model, and those that all networks share."""
    shared = TrainingOptions.model_fields
    found = {"All models": table(ModelSettings, ModelSettings.model_fields)}
    for model in (MODELS.get(kind) for kind in MODELS):
        if not model.__module__.startswith("supple."):
            continue  # of an installed plugin
        network = issubclass(model, TrainingOptions)
        found[model.kind] = table(model, [name for name in model.model_fields if _is_own(model, name, network)])
    return found | {"Training a network": table(TrainingOptions, shared)}


def _is_own(model: type[BaseModel], name: str, network: bool) -> bool:
    """Whether a setting is not one of all models, and, of a network, is its own or has a default of its own."""
    if name in ModelSettings.model_fields:
        return False
    of_networks = TrainingOptions.model_fields
    if not network or name not in of_networks:
        return True
    return bool(model.model_fields[name].default != of_networks[name].default)


def main() -> int:
    """Compare or write; 1 when the page differs from the code."""
    page = PAGE.read_text(encoding="utf-8")
    new = page
    for heading, rows in tables().items():
        before, line, after = new.partition(f"\n## {heading}\n")
        introduction, _, rest = after.partition("\n| setting |")
        rest = rest[rest.index("\n\n") :] if "\n\n" in rest else "\n"
        new = f"{before}{line}{introduction}\n{rows}{rest}"
    if new == page:
        return 0
    if "--write" in sys.argv:
        PAGE.write_text(new, encoding="utf-8")
        return 0
    print(f"{PAGE.name} differs from the code: run scripts/settings_tables.py --write")
    return 1


if __name__ == "__main__":
    sys.exit(main())
