"""The exponential function of a vector of `DOUBLES` numbers, in registers."""

from __future__ import annotations

import math
from pathlib import Path
from typing import no_type_check

from supple.runtime.jit.compile_options import Compiler
from supple.runtime.jit.vectors import larger, power_of_two, splat

_inlined = Compiler(Path(__file__)).inlined

_LOG2E, _LN2 = math.log2(math.e), math.log(2)
_ROUNDING = 3.0 * 2.0**51
_T3, _T4, _T5, _T6, _T7, _T8, _T9, _T10, _T11, _T12, _T13 = (1 / math.factorial(n) for n in range(3, 14))


@_inlined
@no_type_check
def exponential(x):
    """e^x for x ≤ 0: 2^k e^r with |r| ≤ ln(2)/2, the second by its Taylor series; values below e^-700 are set to that."""
    x = larger(splat(-700.0), x)
    k = (x * splat(_LOG2E) + splat(_ROUNDING)) - splat(_ROUNDING)  # adding a large number rounds to whole ones
    r = x - k * splat(_LN2)
    series = splat(_T13) * r + splat(_T12)
    series = series * r + splat(_T11)
    series = series * r + splat(_T10)
    series = series * r + splat(_T9)
    series = series * r + splat(_T8)
    series = series * r + splat(_T7)
    series = series * r + splat(_T6)
    series = series * r + splat(_T5)
    series = series * r + splat(_T4)
    series = series * r + splat(_T3)
    series = series * r + splat(0.5)
    series = series * r + splat(1.0)
    series = series * r + splat(1.0)
    return series * power_of_two(k)
