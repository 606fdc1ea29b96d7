"""The models of a study by name: a kind, as `sgdml`, or a kind on a baseline, as `sgdml@GFN2-xTB`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from supple.models.baseline.settings import Baseline
from supple.models.registry import make_settings

if TYPE_CHECKING:
    from supple.models.settings import ModelSettings


def kind_of(model: str) -> str:
    """The kind of model, without the baseline."""
    return model.partition("@")[0]


def baseline_of(model: str) -> str | None:
    """The baseline; None without one."""
    return model.partition("@")[2] or None


def settings_of(
    model: str, values: dict[str, Any], charge: int | None = None, multiplicity: int | None = None
) -> ModelSettings:
    """The settings of a model.

    Args:
        model: its name.
        values: settings of its kind.
        charge, multiplicity: of the molecule, for a baseline that is a method.

    Raises:
        SettingsError: there is no such kind or setting.
    """
    method = baseline_of(model)
    if method is None:
        return make_settings(kind_of(model), values)
    alone = Baseline(method=method)
    baseline = alone if alone.file else Baseline(method=method, charge=charge, multiplicity=multiplicity)
    return make_settings(kind_of(model), values | {"baseline": baseline})
