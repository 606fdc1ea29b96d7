"""Whether compiled loops work on this machine."""

from __future__ import annotations

from functools import cache

import numpy as np

from supple.models.neural.compiled import WIDTH


@cache
def compile_failure() -> str | None:
    """Why compiled loops do not work, in a few words; None if they do. Tested with a small product and a barrier."""
    try:
        from supple.models.neural.compiled.products import add_product
        from supple.models.neural.compiled.thread_team import new_barrier, wait

        out, a = np.zeros((3, WIDTH), np.float32), np.arange(6, dtype=np.float32).reshape(3, 2)
        b = np.arange(2 * WIDTH, dtype=np.float32).reshape(2, WIDTH)
        add_product(out, a, b)
        if not wait(new_barrier(), 1) or not np.allclose(out, a @ b):
            return "their results are wrong on this processor"
    except Exception as error:  # compilers fail in many ways, and no failure should end the training
        return (str(error).strip().splitlines() or [type(error).__name__])[0][:150]
    return None
