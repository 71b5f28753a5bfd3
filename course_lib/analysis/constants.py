"""Lipschitz constants that are known exactly: the largest slope, and where it is reached."""

import math
from typing import NamedTuple


class Constant(NamedTuple):
    """The largest absolute slope of a function, not rounded down, and a place where it is reached.

    Where no place reaches it, as for softplus, `at` is infinite.
    """

    value: float
    at: float


# φ′ of GELU is Φ(x) + x φ(x), and its slope is φ(x) (2 − x²): it turns at √2.
_GELU = (1 + math.erf(1.0)) / 2 + math.exp(-1.0) / math.sqrt(math.pi)
# φ′ of SiLU turns where x tanh(x/2) = 2.
_SILU_AT = 2.3993572805154676
_SHARE = 1 / (1 + math.exp(-_SILU_AT))
_SILU = _SHARE * (1 + _SILU_AT * (1 - _SHARE))
# φ′ of Mish turns here; found by the tests, to 30 digits.
_MISH_AT = 1.4905711794854285
_TANH = math.tanh(math.log1p(math.exp(_MISH_AT)))
_MISH = _TANH + _MISH_AT / (1 + math.exp(-_MISH_AT)) * (1 - _TANH**2)

CONSTANTS = {
    "identity": Constant(1.0, 0.0),
    "sigmoid": Constant(0.25, 0.0),
    "tanh": Constant(1.0, 0.0),
    "ReLU": Constant(1.0, 1.0),
    "leaky ReLU": Constant(1.0, 1.0),
    "ELU": Constant(1.0, 1.0),
    "GELU": Constant(math.nextafter(_GELU, math.inf), math.sqrt(2)),  # 1.1290 if rounded up
    "SiLU": Constant(math.nextafter(_SILU, math.inf), _SILU_AT),  # 1.0999 if rounded up
    "softplus": Constant(1.0, math.inf),
    "Mish": Constant(math.nextafter(_MISH, math.inf), _MISH_AT),  # 1.0885 if rounded up
}
SOFTMAX = 0.5  # at shares (½, ½, 0, …): an eigenvalue of diag(p) − ppᵀ is never larger
MAX_POOL = 1.0  # for squares that do not overlap: it hands on a part of its input
