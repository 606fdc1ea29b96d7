"""How commands end: a mistake, a failure of the machine or an interruption is one sentence and an exit code."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from supple.cli.streams import abandon_stdout
from supple.errors import SuppleError
from supple.runtime.failures import sentence
from supple.runtime.signals import exit_code

#: After `supple ... | head`, as shells have it for SIGPIPE.
_BROKEN_PIPE = 141


@contextmanager
def ending() -> Iterator[None]:
    """Exit with 2 after a user's mistake or a failure of the machine, and with 130, 143 or 129 after a signal.

    Exceptions that are neither are faults of the program: they pass, with their trace.
    """
    try:
        yield
        sys.stdout.flush()
    except SuppleError as error:
        _end(str(error), 2)
    except BrokenPipeError:
        abandon_stdout()
        sys.exit(_BROKEN_PIPE)
    except KeyboardInterrupt as interruption:
        _end("interrupted.", exit_code(interruption))
    except Exception as error:
        if (said := sentence(error)) is None:
            raise
        abandon_stdout()
        _end(said, 2)


def _end(said: str, code: int) -> NoReturn:
    sys.stderr.write(f"supple: {said}\n")
    sys.exit(code)
