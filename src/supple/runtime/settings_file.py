"""Settings of a model from a YAML file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from supple.errors import SettingsError


def read_settings(path: Path) -> dict[str, Any]:
    """The settings in a YAML file: a mapping of names to values.

    Raises:
        SettingsError: the file is missing, is not YAML, or is not a mapping.
    """
    try:
        content = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"The settings file {path} cannot be read: {error.strerror}.") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SettingsError(f"The settings file {path} is not YAML: {str(error).splitlines()[0]}.") from error
    if not isinstance(content, dict):
        raise SettingsError(f"The settings file {path} must consist of lines such as 'sigma: 10'.")
    return content
