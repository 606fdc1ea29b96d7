"""Ways to draw geometries: one file and one line in the registry for each; plugins add to the group `supple.draws`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ValidationError

from supple.errors import SettingsError
from supple.runtime.plugins import Registry
from supple.runtime.validation import first_problem

if TYPE_CHECKING:
    from supple.sampling.draws.base import Draw

#: kind -> the settings class of the draw.
DRAWS: Registry[type[Draw]] = Registry(
    "supple.draws",
    "way to draw geometries",
    {
        "md": "supple.sampling.draws.dynamics:Dynamics",
        "scan": "supple.sampling.draws.scan:Scan",
        "modes": "supple.sampling.draws.modes:Modes",
        "path": "supple.sampling.draws.path:ReactionPath",
        "frames": "supple.sampling.draws.frames:Frames",
    },
)


def make_draw(settings: dict[str, object]) -> Draw:
    """A draw from its settings, of which `kind` names the way.

    Raises:
        SettingsError: the kind does not exist, or a setting does not exist or has a value that is not allowed.
    """
    kind = str(settings.get("kind", ""))
    if not kind:
        raise SettingsError(f"A draw needs a kind: add one of {', '.join(DRAWS)}, for instance kind: md.")
    try:
        return DRAWS.get(kind).model_validate(settings)
    except ValidationError as error:
        raise SettingsError(f"The draw '{kind}' has an invalid setting: {first_problem(error)}.") from error
