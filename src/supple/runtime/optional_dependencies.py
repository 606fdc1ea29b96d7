"""Packages that only some features need: when one is missing, one sentence names the extra to install."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

from supple.errors import SettingsError, SuppleError


@contextmanager
def extra(
    name: str, package: str, purpose: str = "This", error_class: type[SuppleError] = SettingsError
) -> Iterator[None]:
    """Import inside this what `pip install 'supple[name]'` brings.

        with extra("hdf5", "h5py", f"Reading {path.name}"):
            import h5py

    Args:
        name: of the extra, as in pyproject.toml.
        package: its usual name.
        purpose: what it is needed for; the beginning of the sentence.
        error_class: of the error that is raised.

    Raises:
        SuppleError: of the class `error_class`, when an import fails.
    """
    try:
        yield
    except ImportError as error:
        # "No module named ..." adds nothing to the sentence; a broken or outdated package does.
        reason = "" if isinstance(error, ModuleNotFoundError) else f" ({error})"
        raise error_class(f"{purpose} needs {package}{reason}: pip install 'supple[{name}]'.") from error


def require_extra(name: str, modules: dict[str, str], purpose: str = "This") -> None:
    """Fail early, before hours of work, where the modules of an extra cannot be imported.

    Args:
        name: of the extra, as in pyproject.toml.
        modules: module -> the usual name of its package.
        purpose: what they are needed for; the beginning of the sentence.

    Raises:
        SettingsError: one of them cannot be imported.
    """
    for module, package in modules.items():
        with extra(name, package, purpose):
            import_module(module)
