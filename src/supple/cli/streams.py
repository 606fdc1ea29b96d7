"""Standard output and error that accept any character, and whose loss does not end a computation.

A terminal or log may know ASCII or Latin-1 only, may be closed, or may be a file on a full disk.
"""

from __future__ import annotations

import codecs
import io
import os
import shutil
import sys
import unicodedata
from contextlib import suppress
from pathlib import Path

from supple.runtime.failures import naming

_STDOUT = Path("standard output")
#: Columns below which tables would lose digits; narrower terminals wrap their lines.
_NARROWEST = 72
#: How characters are written where the encoding lacks them; others lose their accents, or become question marks.
_PLAIN = {
    "°": " deg", "σ": "sigma", "λ": "lambda", "ω": "omega", "φ": "phi", "θ": "theta", "χ": "chi", "α": "alpha", "β": "beta",
    "γ": "gamma", "Δ": "Delta", "μ": "u", "µ": "u", "π": "pi", "ν": "nu", "→": "->", "←": "<-", "⁻": "-", "−": "-", "–": "-",
    "×": "x", "·": "*", "±": "+-", "≥": ">=", "≤": "<=", "≈": "~", "√": "sqrt", "∞": "inf", "½": "1/2", "Σ": "sum", "₀": "0",
    "’": "'", "“": '"', "”": '"', "•": "*", "━": "-", "╸": "-", "╺": "-",
}  # fmt: skip


def _plain(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(_spelled, error.object[error.start : error.end])), error.end


def _spelled(character: str) -> str:
    if character in _PLAIN:
        return _PLAIN[character]
    plain = unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode("ascii")
    return plain or "?"


codecs.register_error("plain", _plain)


class _Results(io.TextIOWrapper):
    """A stream whose errors name it."""

    def write(self, text: str) -> int:
        """Write."""
        with naming(_STDOUT):
            return super().write(text)

    def flush(self) -> None:
        """Flush."""
        with naming(_STDOUT):
            super().flush()


class _Expendable(io.TextIOWrapper):
    """A stream whose errors are ignored."""

    def write(self, text: str) -> int:
        """Write, if that is possible."""
        with suppress(OSError):
            super().write(text)
        return len(text)

    def flush(self) -> None:
        """Flush, if that is possible."""
        with suppress(OSError):
            super().flush()


def prepare_streams() -> None:
    """Make standard output and error accept any character, and standard error any fate; tests' own streams are left alone."""
    _occupy_standard_descriptors()
    if shutil.get_terminal_size().columns < _NARROWEST:
        os.environ["COLUMNS"] = str(_NARROWEST)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout = _remade(_Results, sys.stdout)
    if isinstance(sys.stderr, io.TextIOWrapper):
        sys.stderr = _remade(_Expendable, sys.stderr)


def _remade(kind: type[io.TextIOWrapper], stream: io.TextIOWrapper) -> io.TextIOWrapper:
    """A stream of another kind in place of one; where it belongs to a test, that one, which accepts any character."""
    if stream not in (sys.__stdout__, sys.__stderr__):
        stream.reconfigure(errors="plain")
        return stream
    stream.flush()
    binary = io.BufferedWriter(io.FileIO(stream.fileno(), "w", closefd=False))
    return kind(binary, encoding=stream.encoding, errors="plain", line_buffering=stream.line_buffering)


def _occupy_standard_descriptors() -> None:
    """Where standard streams are closed, files that are opened later must not take their place and receive what is printed."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number, this one
    sys.stdout = sys.stdout or open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = sys.stderr or open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115


def encodes(text: str, encoding: str | None = None) -> bool:
    """Whether an encoding, UTF-8 if None, has all characters of a text; surrogates stand for bytes of a name that is not UTF-8."""
    try:
        text.encode(encoding or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


def abandon_stdout() -> None:
    """Nobody reads standard output any more: discard what it still holds, which cannot be written."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
