"""Whether loops can be compiled on this machine."""

from __future__ import annotations

from functools import cache

import numpy as np

from supple.models.neural.compiled import WIDTH


@cache
def why_not() -> str | None:
    """None where compiled loops work; otherwise the reason, in a few words. A small product and a meeting are tried."""
    try:
        from supple.models.neural.compiled.products import add_product
        from supple.models.neural.compiled.thread_team import meet, meeting_point

        out, a = np.zeros((3, WIDTH), np.float32), np.arange(6, dtype=np.float32).reshape(3, 2)
        b = np.arange(2 * WIDTH, dtype=np.float32).reshape(2, WIDTH)
        add_product(out, a, b)
        if not meet(meeting_point(), 1) or not np.allclose(out, a @ b):
            return "their results are wrong on this processor"
    except Exception as error:  # compilers fail in many ways, none of which is worth losing a training for
        return (str(error).strip().splitlines() or [type(error).__name__])[0][:150]
    return None
