"""A module as a function with its derivative, and how modules are put together.

`y = f(x)` has the Jacobian `J[i, j] = ∂y_i/∂x_j`: a row for each output, a column for each input.
(Some texts write its transpose, the denominator layout.) Three functions speak of it:

- `jacobian(x)` builds it, `(..., i, j)`;
- `jvp(dx, x)` returns `J dx`, what becomes of a small change of the input;
- `vjp(g, x)` returns `Jᵀ g`, the gradient of the input, given that of the output.

The products never build the matrix. Axes that come before those of an example are a batch.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor


class Module(NamedTuple):
    """A function and its derivative. `axes` is how many of the last axes of x make an example.

    In a Jacobian the axes of an example are laid end to end: `(..., places out, places in)`.
    """

    forward: Callable[[Tensor], Tensor]
    jacobian: Callable[[Tensor], Tensor]
    jvp: Callable[[Tensor, Tensor], Tensor]
    vjp: Callable[[Tensor, Tensor], Tensor]
    axes: int = 1


def chain(*modules: Module) -> Module:
    """Return the modules one after the other: `J = J_L ⋯ J_2 J_1`.

    A module of rows among modules of sequences works on each token, as `on_each` says.
    Raises ValueError if there are none.

    >>> from course_lib.analysis import activation
    >>> chain(activation("tanh"), activation("tanh")).jacobian(torch.zeros(2))
    tensor([[1., 0.],
            [0., 1.]])
    """
    if not modules:
        raise ValueError("a chain takes one module or more")
    axes = max(module.axes for module in modules)
    modules = tuple(on_each(module, axes) for module in modules)

    def forward(x: Tensor) -> Tensor:
        for module in modules:
            x = module.forward(x)
        return x

    def jacobian(x: Tensor) -> Tensor:
        product = None
        for module, at in zip(modules, signals(modules[:-1], x), strict=True):
            own = module.jacobian(at)
            product = own if product is None else own @ product
        return product

    def jvp(dx: Tensor, x: Tensor) -> Tensor:
        for module in modules:
            dx, x = module.jvp(dx, x), module.forward(x)
        return dx

    def vjp(g: Tensor, x: Tensor) -> Tensor:
        return gradients(modules, x, g)[0]

    return Module(forward, jacobian, jvp, vjp, axes)


def signals(modules: Sequence[Module], x: Tensor) -> list[Tensor]:
    """Return x and what leaves each of L modules, one after the other: L + 1 tensors."""
    found = [x]
    for module in modules:
        found.append(module.forward(found[-1]))
    return found


def gradients(modules: Sequence[Module], x: Tensor, g: Tensor) -> list[Tensor]:
    """Return the gradient at x and behind each module, L + 1 tensors. g: that behind the last."""
    found = [g]
    for module, at in zip(reversed(modules), reversed(signals(modules[:-1], x)), strict=True):
        found.append(module.vjp(found[-1], at))
    return found[::-1]


def on_each(module: Module, axes: int) -> Module:
    """Return the module for larger examples, of so many axes: it works on each row on its own.

    So a normalisation works on each token of a sequence. No row feels another: the Jacobian holds
    that of each row along its diagonal, and zeros elsewhere.

    >>> from course_lib.analysis import activation
    >>> on_each(activation("ReLU"), axes=2).jacobian(torch.tensor([[1.0], [-1.0]]))
    tensor([[1., 0.],
            [0., 0.]])
    """
    if module.axes == axes:
        return module

    def jacobian(x: Tensor) -> Tensor:
        own = module.jacobian(x)  # (..., rows, a, b), the rows perhaps along several axes
        own = own.reshape(*x.shape[: x.ndim - axes], -1, *own.shape[-2:])
        rows = torch.eye(own.shape[-3], dtype=x.dtype, device=x.device)
        return torch.einsum("...nab,nm->...namb", own, rows).flatten(-2).flatten(-3, -2)

    return module._replace(jacobian=jacobian, axes=axes)


def sum_of(*modules: Module) -> Module:
    """Return the sum of what the modules make of one input: Jacobians add up too.

    Several heads of attention are such a sum: what joins their outputs is a matrix for each.
    """

    def total(parts: list[Tensor]) -> Tensor:
        return torch.stack(parts).sum(dim=0)

    return Module(
        forward=lambda x: total([module.forward(x) for module in modules]),
        jacobian=lambda x: total([module.jacobian(x) for module in modules]),
        jvp=lambda dx, x: total([module.jvp(dx, x) for module in modules]),
        vjp=lambda g, x: total([module.vjp(g, x) for module in modules]),
        axes=modules[0].axes,
    )


def residual_jacobian(J: Tensor, alpha: Tensor | float = 1.0, skip: float = 1.0) -> Tensor:
    """Return `skip · I + diag(alpha) J`, the Jacobian of a branch `(..., d, d)` with a shortcut.

    alpha: a number, or one for each output, `(d,)`.
    """
    alpha = torch.as_tensor(alpha, dtype=J.dtype, device=J.device)
    return skip * torch.eye(J.shape[-1]).to(J) + alpha[..., None] * J


def residual(module: Module, alpha: Tensor | float = 1.0, skip: float = 1.0) -> Module:
    """Return `skip · x + alpha ⊙ f(x)`, with the Jacobian `skip · I + diag(alpha) J_f`.

    alpha: a number, or one for each place of an example (LayerScale). With 0 at the start it is
    ReZero (Bachlechner and others 2021). skip: 1, but for DeepNorm.

    >>> from course_lib.analysis import activation
    >>> residual(activation("tanh"), alpha=0.0).jacobian(torch.ones(2))
    tensor([[1., 0.],
            [0., 1.]])
    """

    def forward(x: Tensor) -> Tensor:
        return skip * x + alpha * module.forward(x)

    def jacobian(x: Tensor) -> Tensor:
        scale = torch.as_tensor(alpha, dtype=x.dtype, device=x.device)
        of_places = scale.expand(x.shape[x.ndim - module.axes :]).flatten()
        return residual_jacobian(module.jacobian(x), of_places, skip)

    def jvp(dx: Tensor, x: Tensor) -> Tensor:
        return skip * dx + alpha * module.jvp(dx, x)

    def vjp(g: Tensor, x: Tensor) -> Tensor:
        return skip * g + module.vjp(alpha * g, x)

    return Module(forward, jacobian, jvp, vjp, module.axes)


def block(
    branch: Module,
    alpha: Tensor | float | None = 1.0,
    skip: float = 1.0,
    before: Module | None = None,
    behind: Module | None = None,
) -> Module:
    """Return `behind(skip · x + alpha ⊙ f(before(x)))`, the form of every block of a deep network.

    alpha: as `residual` takes it; None for no shortcut. before, behind: norms, or None for none.

    >>> from course_lib.analysis import activation
    >>> f = activation("tanh")
    >>> block(f, alpha=None, before=f).jacobian(torch.zeros(1))
    tensor([[1.]])
    """
    if before is not None:
        branch = chain(before, branch)
    if alpha is not None:
        branch = residual(branch, alpha, skip)
    return branch if behind is None else chain(branch, behind)


def pre_norm(module: Module, norm: Module) -> Module:
    """Return `x + f(norm(x))`: `I + J_f J_norm`. The way past f is never divided by anything."""
    return block(module, before=norm)


def post_norm(module: Module, norm: Module) -> Module:
    """Return `norm(x + f(x))`: `J_norm (I + J_f)`."""
    return block(module, behind=norm)


def deep_norm(module: Module, norm: Module, layers: float) -> Module:
    """Return `norm(α x + f(x))`, with α of `deep_norm_scale`: `J_norm (α I + J_f)`.

    Weights of f are to start smaller, by β. Source: Wang and others (2022), DeepNet.
    """
    return block(module, skip=deep_norm_scale(layers)[0], behind=norm)


def deep_norm_scale(layers: float) -> tuple[float, float]:
    """Return `α = (2 · layers)^¼` of the shortcut and `β = (8 · layers)^−¼` of a branch's weights.

    For an encoder: each of its layers has two blocks, attention and a feed-forward branch. Source:
    Wang and others (2022), DeepNet.

    >>> deep_norm_scale(0.5)
    (1.0, 0.7071067811865476)
    """
    return (2 * layers) ** 0.25, (8 * layers) ** -0.25
