"""Draws as they are written on the command line: `md:temperature=300,frames=50`."""

from __future__ import annotations

from typing import Any

import yaml

from supple.errors import SettingsError
from supple.sampling.draws import DRAWS

#: Settings whose text is taken as it is, though YAML may read it as a number or a date.
_TEXTS = ("torsion", "to", "start", "file")


def parse_draw(text: str) -> dict[str, Any]:
    """The settings of a draw from `KIND:name=value,...`; several temperatures are joined by +: `temperature=300+500`.

    Raises:
        SettingsError: the kind is unknown, or the text does not have this form.
    """
    kind, _, rest = text.partition(":")
    if kind not in DRAWS:
        raise SettingsError(f"'{kind}' is not a way to draw geometries: choose one of {', '.join(DRAWS)}.")
    settings: dict[str, Any] = {"kind": kind}
    for part in rest.split(","):
        if not part.strip():
            continue
        key, equals, value = part.partition("=")
        if not equals:
            raise SettingsError(f"'{part}' in the draw '{text}' is not a setting: write name=value.")
        settings[key.strip()] = _value(key.strip(), value.strip())
    return settings


def _value(key: str, text: str) -> Any:
    if key in _TEXTS:
        return text
    if key == "temperature":
        values = [yaml.safe_load(word) for word in text.split("+")]
        return values if len(values) > 1 else values[0]
    return yaml.safe_load(text)
