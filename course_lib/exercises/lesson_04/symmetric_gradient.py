"""Exercise 04.symmetric_gradient: the gradient of the loss with respect to the hidden weights,
summed over the examples.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.func import grad

from ...checking import Case, Exercise, slips
from ...nn import symmetry
from ..drawing import drawing

_Batch = tuple[Tensor, Tensor, Tensor, Tensor]


def _network(
    draw: Callable[..., Tensor], n: int, d: int, h: int, dtype: torch.dtype = torch.float64
) -> _Batch:
    x, W = draw(n, d, dtype=dtype), draw(h, d, dtype=dtype)
    return x, W, draw(h, dtype=dtype), draw(n, dtype=dtype)


def _gradient_cases(seed: int) -> list[Case]:
    draw = drawing(seed)
    x, W, v, error = _network(draw, 4, 3, 5)
    zero, alike = torch.zeros_like(W), W[:1].expand(5, 3).clone()
    same = torch.full_like(v, 0.7)
    return [
        Case("5 examples, 3 inputs and 4 neurons", _network(draw, 5, 3, 4)),
        Case("2 examples, 6 inputs and 3 neurons", _network(draw, 2, 6, 3)),
        Case("4 examples, 4 inputs and 4 neurons", _network(draw, 4, 4, 4)),
        Case("1 example, 3 inputs and 2 neurons", _network(draw, 1, 3, 2), special=True),
        Case("1 neuron", _network(draw, 4, 3, 1), special=True),
        Case("1 example, 1 input and 1 neuron", _network(draw, 1, 1, 1), special=True),
        Case("all hidden weights at zero", (x, zero, v, error), special=True),
        Case("all weights at zero", (x, zero, 0 * v, error), special=True),
        Case("neurons that are all alike", (x, alike, same, error), special=True),
        Case("errors that are all zero", (x, W, v, 0 * error), special=True),
        Case("weights in the ten thousands", (x, 1e4 * W, v, error), special=True),
        Case(
            "20 examples, 64 inputs and 10 neurons in float32",
            tuple(
                scale * part
                for scale, part in zip(
                    (1, 0.1, 1, 1), _network(draw, 20, 64, 10, torch.float32), strict=True
                )
            ),
            special=True,
        ),
    ]


def _by_autograd(x: Tensor, W: Tensor, v: Tensor, error: Tensor) -> Tensor:
    return grad(lambda W: error @ (torch.tanh(x @ W.T) @ v))(W)


def _by_backward(x: Tensor, W: Tensor, v: Tensor, error: Tensor) -> Tensor:
    W = W.detach().clone().requires_grad_()
    (error * (torch.tanh(x @ W.T) @ v)).sum().backward()
    return W.grad


def _by_loop(x: Tensor, W: Tensor, v: Tensor, error: Tensor) -> Tensor:
    total = torch.zeros_like(W)
    for xn, en in zip(x, error, strict=True):
        slope = 1 - torch.tanh(W @ xn) ** 2
        total = total + en * torch.outer(v * slope, xn)
    return total


def _with(slope: Callable[[Tensor], Tensor]) -> Callable[..., Tensor]:
    """The gradient with another slope of the activation at the weighted sums."""
    return lambda x, W, v, e: (e[:, None] * v * slope(x @ W.T)).T @ x


def _slope(z: Tensor) -> Tensor:
    return 1 - torch.tanh(z) ** 2


SLIPS = """
slope left out: * (1 - hidden**2) →
    The slope of tanh plays no part: this is the gradient of a network without an activation. What
    happens to a change on its way through tanh?
square forgotten: hidden**2 → hidden
    The slope of tanh is off: a square is missing in it. At very negative sums it should be 0, and
    yours is 2.
slope of the sum: tanh →
    The square is taken of the weighted sum, where that of its tanh belongs.
tanh for its slope: (1 - hidden**2) → hidden
    You multiply by tanh itself. What passes a change on is its slope: how is it made of tanh?
sigmoid's slope: tanh → torch.sigmoid ; 1 - hidden**2 → hidden * (1 - hidden)
    This is the slope of the sigmoid. The hidden neurons here use tanh.
sigmoid's form of tanh's slope: 1 - hidden**2 → hidden * (1 - hidden)
    The form h (1 - h) belongs to the sigmoid. tanh has another one.
sigmoid for tanh: tanh → torch.sigmoid
    The hidden neurons here use tanh. Yours use a sigmoid, and the slope of tanh.
relu's slope: 1 - hidden**2 → hidden > 0
    This is the slope of a ReLU. The hidden neurons here use tanh.
sign in the slope: 1 - → 1 +
    The slope of tanh is off: it should be smallest where tanh is near 1 or -1. Look at the sign
    before the square.
slope twice: hidden**2) → hidden**2) ** 2
    The slope of tanh is multiplied in twice. A change passes through tanh once.
tanh twice: hidden**2 → tanh(hidden) ** 2
    tanh is applied twice before the slope is taken. Look at whether your `hidden` is a weighted sum
    or a tanh already.
brackets: (1 - hidden**2) → 1 - hidden**2
    Python multiplies before it subtracts, so that error and `v` meet only the 1. The slope of tanh
    needs brackets of its own, or a variable.
weights and inputs in the wrong order: dense(x, W) → W @ x
    In `W @ x` the inputs of W meet the examples of x. A weighted sum runs over the inputs: which
    axis counts them in x, which in W, and which side has to be turned?
tanh of the inputs: dense(x, W) → x
    You take the slope of tanh at the inputs. tanh gets something else in this network: what does a
    hidden neuron make of its inputs first?
tanh of the inputs, beside them: (error[:, None] * v).T @ ((1 - tanh(x) ** 2) * x)
    You take the slope of tanh at the inputs themselves. tanh gets something else: what does a
    hidden neuron make of its inputs before tanh? The slope then belongs to a neuron and an example.
tanh of the weights: dense(x, W) → W
    You take the slope of tanh at the weights. tanh gets something else in this network: what do the
    weights make with the inputs first?
tanh of the weights, beside them: (error[:, None] * v).T @ x * (1 - tanh(W) ** 2)
    You take the slope of tanh at the weights themselves. tanh gets something else: what do the
    weights make with the inputs first? The slope then differs from example to example.
error squared: error[:, None] → error[:, None] ** 2
    The error is squared. It is the slope of the loss already, how fast it grows with each output,
    and comes in once, with its sign.
outgoing weight left out: * v →
    `v` plays no part in your result. A neuron moves the output by its outgoing weight.
error left out: error[:, None] * →
    `error` plays no part in your result. An example counts as far as its output still matters to
    the loss.
inputs left out: at_neurons.T @ x → at_neurons.sum(dim=0)[:, None].expand(W.shape).clone()
    The inputs play no part in your result. A weight acts through what flows in: look at lesson 01.
mean over the examples: @ x → @ x / len(x)
    You take the mean over the examples. The errors hold what the loss does with each example
    already, so that their contributions are added.
result transposed: at_neurons.T @ x → x.T @ at_neurons
    Your result is laid out as (inputs, neurons). It should be laid out like W.
sign: return → return -
    The sign is wrong. The descent itself brings a minus; the gradient does not.
errors along the neurons: error[:, None] → error
    `error` has one number an example, and it runs along the neurons in your product. In a table of
    shape (n, h) it needs an axis of its own: look at which side torch lines shapes up on.
outgoing weights along the examples: * v → * v[:, None]
    `v` has one number a neuron, and it runs along the examples in your product. Which axis of your
    table counts the neurons? torch lines shapes up from the last axis: look at which of `v` and
    `error` needs a new one there.
hidden weights transposed: dense(x, W) → x @ W
    The weighted sums run over the neurons where they should run over the inputs: a neuron is a row
    of W, as in lesson 01.
table not turned: .T →
    In the last product the neurons meet the examples. The axis that has to meet, and be summed
    over, is that of the examples on both sides: which side has to be turned?
one minus forgotten: 1 - →
    The slope of tanh is off: it should be 1 where the sum is 0, and yours is 0 there.
square around the whole: 1 - hidden**2 → (1 - hidden) ** 2
    The square covers too much in the slope of tanh. Look at your brackets.
inputs left out, one number a neuron: at_neurons.T @ x → at_neurons.sum(dim=0)
    You have one number for each neuron. A neuron has a weight for each input, and each needs its
    own: what flows in plays no part yet.
gradient of the outgoing weights: at_neurons.T @ x → error @ hidden
    This is the gradient with respect to `v`. The exercise asks for the one with respect to the
    hidden weights W.
first example only: at_neurons.T @ x → at_neurons[:1].T @ x[:1]
    Only the first example counts. If you use a loop, look at how far its `return` is indented; if
    not, look at where you pick an entry: the sum runs over all examples.
last example only: at_neurons.T @ x → at_neurons[-1:].T @ x[-1:]
    Only the last example counts. If you use a loop, a plain `=` in it replaces what came before:
    look at how each example is added to the total.
last example left out: at_neurons.T @ x → at_neurons[:-1].T @ x[:-1]
    The last example is left out of the sum. Look at where your loop or your slice ends.
first example left out: at_neurons.T @ x → at_neurons[1:].T @ x[1:]
    The first example is left out of the sum. Look at where your loop or your slice begins.
before the sum over examples: at_neurons.T @ x → at_neurons[:, :, None] * x[:, None, :]
    You have a gradient for each example, of shape (n, h, d). One step is missing: what happens to
    the examples?
sums taken apart: at_neurons.T @ x → torch.outer(at_neurons.sum(dim=0), x.sum(dim=0))
    Errors and inputs are each summed over the examples before they meet. Each example should meet
    its own inputs first.
weights in the inputs' place: at_neurons.T @ x → at_neurons.sum(dim=0)[:, None] * W
    You multiply by W at the end. A weight is moved by what flows into it: which of the arguments is
    that?
a step taken: return → return W -
    These are the weights after a step. The exercise asks for the gradient that the step is taken
    with.
the output: at_neurons.T @ x → hidden @ v
    This is the output of the network. The exercise asks how the loss changes with each hidden
    weight.
"""

SYMMETRIC_GRADIENT = Exercise(
    id="04.symmetric_gradient",
    points=3,
    asks="the gradient of the loss with respect to the hidden weights, summed over the examples",
    reference=symmetry.hidden_gradient,
    cases=_gradient_cases,
    hints=(
        "Take one example and one neuron. How far does the output move if one of its weights "
        "moves? In lesson 01 it was v times x; what has come between them since?",
        "Make a table of shape (n, h) first: for each example and neuron the error, times v, times "
        "the slope of tanh at the weighted sum. How do you give the errors the right axis?",
        "What is left is, for each neuron and input, a sum over the examples of that table times "
        "x. A sum of products over a shared axis is a matrix product: which side has to be turned?",
    ),
    slips=slips(SLIPS, symmetry.hidden_gradient),
    also_right=(
        _by_autograd,
        _by_backward,
        _by_loop,
        lambda x, W, v, e: torch.einsum("n,h,nh,nd->hd", e, v, _slope(x @ W.T), x),
        lambda x, W, v, e: v[:, None] * ((e[:, None] / torch.cosh(x @ W.T) ** 2).T @ x),
    ),
)
