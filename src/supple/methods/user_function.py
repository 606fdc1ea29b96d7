"""A method of the user's own: `module:function`, which returns an ASE calculator."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from supple.errors import SettingsError
from supple.methods import Method

if TYPE_CHECKING:
    from ase.calculators.calculator import Calculator


def user_function(module: str, function: str) -> Method:
    """The method of a function, which sets charge and multiplicity itself.

    Raises:
        SettingsError: it cannot be imported or called; or, when the calculator is made, it returns something else.
    """
    name = f"{module}:{function}"
    try:
        make = getattr(import_module(module), function)
    except (ImportError, AttributeError) as error:
        raise SettingsError(f"{name} cannot be imported ({error}): is the module on the Python path?") from error
    if not callable(make):
        raise SettingsError(
            f"{name} is not a function: it must return an ASE calculator when it is called without arguments."
        )

    def calculator(charge: int, multiplicity: int) -> Calculator:
        del charge, multiplicity  # set by the function itself
        made = make()
        if not hasattr(made, "get_potential_energy"):
            raise SettingsError(f"{name} returned {type(made).__name__}, which is not an ASE calculator.")
        return made

    return Method(name, module, calculator, takes_charge=False)
