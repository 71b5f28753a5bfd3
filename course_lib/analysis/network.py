"""How much a whole `nn.Module` can stretch: a bound that holds, and what is found at examples.

`upper_of_network` multiplies the constants of the parts, and says who contributes what.
`lower_of_network` takes examples and returns the norm of the Jacobian at each, from below.
"""

import copy
import math
from collections.abc import Callable, Mapping
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.func import vjp

from course_lib.analysis.compose import upper_of_chain
from course_lib.analysis.torch_modules import KEEP_SHAPE, READERS, Shape, Unreadable

BATCH_NORMS = nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.SyncBatchNorm
DROPOUTS = (
    *(nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d),
    *(nn.AlphaDropout, nn.FeatureAlphaDropout),
)


class Residual(nn.Module):
    """`x + alpha · branch(x)`: a module whose shortcut can be read off, as no `forward` can."""

    def __init__(self, branch: nn.Module, alpha: float | Tensor = 1.0):
        super().__init__()
        self.branch, self.alpha = branch, alpha

    def forward(self, x: Tensor) -> Tensor:
        return x + self.alpha * self.branch(x)


class Row(NamedTuple):
    """What a module contributes. `depth` is 0 for the factors of the product."""

    name: str  # as in `model.named_modules()`
    kind: str
    upper: float
    exact: bool  # no smaller constant holds for this module alone
    note: str
    depth: int


class NetworkBound(NamedTuple):
    """A constant that holds for the whole network, and its rows. Infinity: none is known."""

    upper: float
    rows: tuple[Row, ...]

    def __str__(self) -> str:
        lines = [
            f"{'  ' * row.depth}{row.name or 'all'} {row.kind}: {row.upper:.4g}"
            f"{' (exact)' if row.exact else ' (upper)'} {row.note}".rstrip()
            for row in self.rows
        ]
        return "\n".join([*lines, f"product: {self.upper:.4g}"])


Own = Mapping[type[nn.Module], Callable[[nn.Module, Shape], float]]


@torch.no_grad()
def upper_of_network(
    model: nn.Module, example_shape: Shape, own: Own | None = None
) -> NetworkBound:
    """Return a constant L with `‖f(x) − f(y)‖ ≤ L ‖x − y‖` for all x and y, and its parts.

    model: of `nn.Sequential`, `Residual`, `nn.TransformerEncoderLayer` and the modules of
    `torch_modules.READERS`, nested in any way, in the mode in which it is. example_shape: without
    the batch axis. own: for your own modules, `{type: function of module and shape}` that returns a
    constant. Source of the rule: constants multiply along a chain, and add up where ways meet.
    Raises ValueError that names the module for one that it does not know.

    >>> net = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), Residual(nn.Sigmoid()))
    >>> [row.upper for row in upper_of_network(net, (4,)).rows][1:]
    [1.0, 1.25, 0.25]
    """
    rows, _ = _read(model, "", tuple(example_shape), own or {}, 0)
    return NetworkBound(upper_of_chain(row.upper for row in rows if row.depth == 0), tuple(rows))


def lower_of_network(
    model: nn.Module, x: Tensor, rounds: int = 30, generator: torch.Generator | None = None
) -> Tensor:
    """Return the norm of the Jacobian at each example, from below, `(n,)`.

    x: `(n, ...)`. By power iteration, as in `power_iteration`, all examples at once. The largest is
    a lower bound on the constant.
    Raises ValueError for BatchNorm or Dropout in training, since the one mixes examples and the
    other draws; and for BatchNorm without running statistics, which mixes them in evaluation too.

    >>> lower_of_network(nn.ReLU(), torch.tensor([[1.0, 2.0], [-1.0, -2.0]]))
    tensor([1., 0.])
    """
    for name, module in model.named_modules():
        normalises = isinstance(module, BATCH_NORMS)
        if normalises and module.running_mean is None:
            raise ValueError(
                f"{_words(module, name)} keeps no running statistics; it mixes examples"
            )
        if (normalises or isinstance(module, DROPOUTS)) and module.training:
            raise ValueError(f"{_words(module, name)} is in training; call model.eval() first")
    v = _unit(torch.randn(x.shape, generator=generator, dtype=x.dtype).to(x.device))
    out, back = vjp(model, x)
    # Jᵀ u is linear in u, and its own transpose is J v: two passes backward for one forward.
    _, ahead = vjp(lambda u: vjp(model, x)[1](u)[0], torch.zeros_like(out))
    for _ in range(rounds):
        step = back(_unit(ahead(v)[0]))[0]
        v = torch.where(_length(step) > 0, _unit(step), v)
    return _length(ahead(v)[0]).flatten().detach()


def _length(v: Tensor) -> Tensor:
    return v.flatten(1).norm(dim=1).view(-1, *[1] * (v.ndim - 1))


def _unit(v: Tensor) -> Tensor:
    length = _length(v)
    return v / torch.where(length > 0, length, 1.0)


def _read(
    module: nn.Module, name: str, shape: Shape, own: Own, depth: int
) -> tuple[list[Row], Shape]:
    """Return the rows of a module, its factors at `depth`, and the shape of what it gives.

    A factor that is itself made of parts has them below it, one deeper.
    """
    if type(module) in own:
        value = float(own[type(module)](module, shape))
        row = Row(name, type(module).__name__, value, False, "by your own function", depth)
        return [row], _shape_after(module, shape)
    if _is(module, nn.Sequential):
        rows = []
        for part, child in module._modules.items():  # a module may stand in it twice
            found, shape = _read(child, _join(name, part), shape, own, depth)
            rows += found
        return rows, shape
    if _is(module, Residual):
        parts, after = _read(module.branch, _join(name, "branch"), shape, own, depth + 1)
        if after != shape:
            raise ValueError(
                f"{_words(module, name)} makes {after} of {shape}; nothing can be added"
            )
        return [_around(module, name, module.alpha, parts, depth), *parts], shape
    if _is(module, nn.TransformerEncoderLayer):
        return _encoder(module, name, shape, own, depth), shape
    for kind, reader in READERS.items():
        if _is(module, kind):
            try:
                found = reader(module, shape)
            except Unreadable as reason:
                raise ValueError(f"{_words(module, name)} {reason}; {OFFER}") from None
            return [Row(name, kind.__name__, *found, depth)], _shape_after(module, shape)
    raise ValueError(f"{_words(module, name)} is not known; {OFFER}")


OFFER = (
    "hand in a bound, own={type(module): lambda module, shape: …}, or build it of nn.Sequential "
    "and course_lib.analysis.Residual"
)


def _encoder(
    module: nn.TransformerEncoderLayer, name: str, shape: Shape, own: Own, depth: int
) -> list[Row]:
    """Return the rows of a layer of a transformer: two residual blocks with a LayerNorm each."""
    act = READERS[nn.GELU if module.activation is nn.functional.gelu else nn.ReLU]
    if module.activation not in (nn.functional.relu, nn.functional.gelu):
        raise ValueError(f"{_words(module, name)} has an activation that is not known; {OFFER}")
    stand_in = nn.GELU() if module.activation is nn.functional.gelu else nn.ReLU()
    kind = type(stand_in).__name__
    rows: list[Row] = []
    blocks = (
        (module.norm1, ("self_attn", "dropout1")),
        (module.norm2, ("linear1", "activation", "dropout", "linear2", "dropout2")),
    )
    for k, (norm, parts) in enumerate(blocks, start=1):
        branch: list[Row] = []
        for part in parts:
            if part == "activation":
                branch.append(Row(_join(name, part), kind, *act(stand_in, shape), depth + 1))
                continue
            child = getattr(module, part)
            branch += _read(child, _join(name, part), _wide(child, shape), own, depth + 1)[0]
        first = depth + 1 if module.norm_first else depth
        normed = _read(norm, _join(name, f"norm{k}"), shape, own, first)[0]
        if module.norm_first:
            branch = normed + branch
        rows += [_around(module, f"{name} block {k}".strip(), 1.0, branch, depth), *branch]
        rows += [] if module.norm_first else normed
    return rows


def _wide(child: nn.Module, shape: Shape) -> Shape:
    return (*shape[:-1], child.in_features) if isinstance(child, nn.Linear) else shape


def _around(
    module: nn.Module, name: str, alpha: float | Tensor, parts: list[Row], depth: int
) -> Row:
    """Return the row of `x + alpha · f(x)`, for the rows of f."""
    of_branch = upper_of_chain(row.upper for row in parts if row.depth == depth + 1)
    size = torch.as_tensor(alpha).abs().max().item()
    value = 1 + upper_of_chain([size, of_branch])
    note = f"1 + {size:g} · {of_branch:.4g}"
    note = note if math.isfinite(value) else "its branch is not Lipschitz"
    return Row(name, "Residual", value, False, note, depth)


def _is(module: nn.Module, kind: type[nn.Module]) -> bool:
    """Whether a module works as this kind does: a subclass may have a `forward` of its own."""
    return isinstance(module, kind) and type(module).forward is kind.forward


def _shape_after(module: nn.Module, shape: Shape) -> Shape:
    if isinstance(module, KEEP_SHAPE):
        return shape
    like = next(module.parameters(), torch.zeros(()))
    alone = copy.deepcopy(module).eval()
    return tuple(alone(torch.zeros(1, *shape, dtype=like.dtype, device=like.device)).shape[1:])


def _join(name: str, part: str) -> str:
    return f"{name}.{part}" if name else part


def _words(module: nn.Module, name: str) -> str:
    where = f"the module {name!r}" if name else "the model itself"
    return f"{where}, a {type(module).__name__},"
