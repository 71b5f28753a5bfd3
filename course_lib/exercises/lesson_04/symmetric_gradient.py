"""Exercise 04.symmetric_gradient: the gradient of the loss with respect to the hidden weights,
summed over the examples.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.func import grad

from ...checking import Case, Exercise, Slip
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
    slips=(
        Slip(
            "slope left out",
            _with(torch.ones_like),
            "The slope of tanh plays no part: this is the gradient of a network without an "
            "activation. What happens to a change on its way through tanh?",
        ),
        Slip(
            "square forgotten",
            _with(lambda z: 1 - torch.tanh(z)),
            "The slope of tanh is off: a square is missing in it. At very negative sums it should "
            "be 0, and yours is 2.",
        ),
        Slip(
            "slope of the sum",
            _with(lambda z: 1 - z**2),
            "The square is taken of the weighted sum, where that of its tanh belongs.",
        ),
        Slip(
            "tanh for its slope",
            _with(torch.tanh),
            "You multiply by tanh itself. What passes a change on is its slope: how is it made of "
            "tanh?",
        ),
        Slip(
            "sigmoid's slope",
            _with(lambda z: torch.sigmoid(z) * (1 - torch.sigmoid(z))),
            "This is the slope of the sigmoid. The hidden neurons here use tanh.",
        ),
        Slip(
            "sigmoid's form of tanh's slope",
            _with(lambda z: torch.tanh(z) * (1 - torch.tanh(z))),
            "The form h (1 - h) belongs to the sigmoid. tanh has another one.",
        ),
        Slip(
            "relu's slope",
            _with(lambda z: (z > 0).to(z.dtype)),
            "This is the slope of a ReLU. The hidden neurons here use tanh.",
        ),
        Slip(
            "sign in the slope",
            _with(lambda z: 1 + torch.tanh(z) ** 2),
            "The slope of tanh is off: it should be smallest where tanh is near 1 or -1. Look at "
            "the sign before the square.",
        ),
        Slip(
            "slope twice",
            _with(lambda z: _slope(z) ** 2),
            "The slope of tanh is multiplied in twice. A change passes through tanh once.",
        ),
        Slip(
            "tanh twice",
            _with(lambda z: _slope(torch.tanh(z))),
            "tanh is applied twice before the slope is taken. Look at whether your `hidden` is a "
            "weighted sum or a tanh already.",
        ),
        Slip(
            "brackets",
            lambda x, W, v, e: (e[:, None] * v * 1 - torch.tanh(x @ W.T) ** 2).T @ x,
            "Python multiplies before it subtracts, so that error and `v` meet only the 1. The "
            "slope of tanh needs brackets of its own, or a variable.",
        ),
        Slip(
            "weights and inputs in the wrong order",
            lambda x, W, v, e: (e[:, None] * v * _slope(W @ x)).T @ x,
            "In `W @ x` the inputs of W meet the examples of x. A weighted sum runs over the "
            "inputs: which axis counts them in x, which in W, and which side has to be turned?",
        ),
        Slip(
            "tanh of the inputs",
            lambda x, W, v, e: (e[:, None] * v * _slope(x)).T @ x,
            "You take the slope of tanh at the inputs. tanh gets something else in this network: "
            "what does a hidden neuron make of its inputs first?",
        ),
        Slip(
            "tanh of the inputs, beside them",
            lambda x, W, v, e: (e[:, None] * v).T @ (_slope(x) * x),
            "You take the slope of tanh at the inputs themselves. tanh gets something else: what "
            "does a hidden neuron make of its inputs before tanh? The slope then belongs to a "
            "neuron and an example.",
        ),
        Slip(
            "tanh of the weights",
            lambda x, W, v, e: (e[:, None] * v * _slope(W)).T @ x,
            "You take the slope of tanh at the weights. tanh gets something else in this network: "
            "what do the weights make with the inputs first?",
        ),
        Slip(
            "tanh of the weights, beside them",
            lambda x, W, v, e: (e[:, None] * v).T @ x * _slope(W),
            "You take the slope of tanh at the weights themselves. tanh gets something else: what "
            "do the weights make with the inputs first? The slope then differs from example to "
            "example.",
        ),
        Slip(
            "error squared",
            lambda x, W, v, e: ((e**2)[:, None] * v * _slope(x @ W.T)).T @ x,
            "The error is squared. It is the slope of the loss already, how fast it grows with "
            "each output, and comes in once, with its sign.",
        ),
        Slip(
            "outgoing weight left out",
            lambda x, W, v, e: (e[:, None] * _slope(x @ W.T)).T @ x,
            "`v` plays no part in your result. A neuron moves the output by its outgoing weight.",
        ),
        Slip(
            "error left out",
            lambda x, W, v, e: (v * _slope(x @ W.T)).T @ x,
            "`error` plays no part in your result. An example counts as far as its output still "
            "matters to the loss.",
        ),
        Slip(
            "inputs left out",
            lambda x, W, v, e: (
                (e[:, None] * v * _slope(x @ W.T)).sum(dim=0)[:, None].expand(W.shape).clone()
            ),
            "The inputs play no part in your result. A weight acts through what flows in: look at "
            "lesson 01.",
        ),
        Slip(
            "mean over the examples",
            lambda x, W, v, e: (e[:, None] * v * _slope(x @ W.T)).T @ x / len(x),
            "You take the mean over the examples. The errors hold what the loss does with each "
            "example already, so that their contributions are added.",
        ),
        Slip(
            "result transposed",
            lambda x, W, v, e: x.T @ (e[:, None] * v * _slope(x @ W.T)),
            "The numbers are right, but they are laid out as (inputs, neurons). The result should "
            "be laid out like W.",
        ),
        Slip(
            "sign",
            lambda x, W, v, e: -((e[:, None] * v * _slope(x @ W.T)).T @ x),
            "The sign is wrong. The descent itself brings a minus; the gradient does not.",
        ),
        Slip(
            "errors along the neurons",
            lambda x, W, v, e: (e * v * _slope(x @ W.T)).T @ x,
            "`error` has one number an example, and it runs along the neurons in your product. In "
            "a table of shape (n, h) it needs an axis of its own: look at which side torch lines "
            "shapes up on.",
        ),
        Slip(
            "outgoing weights along the examples",
            lambda x, W, v, e: (e[:, None] * v[:, None] * _slope(x @ W.T)).T @ x,
            "`v` has one number a neuron, and it runs along the examples in your product. Which "
            "axis of your table counts the neurons? torch lines shapes up from the last axis: look "
            "at which of `v` and `error` needs a new one there.",
        ),
        Slip(
            "hidden weights transposed",
            lambda x, W, v, e: (e[:, None] * v * _slope(x @ W)).T @ x,
            "The weighted sums run over the neurons where they should run over the inputs: a "
            "neuron is a row of W, as in lesson 01.",
        ),
        Slip(
            "table not turned",
            lambda x, W, v, e: (e[:, None] * v * _slope(x @ W.T)) @ x,
            "In the last product the neurons meet the examples. The axis that has to meet, and be "
            "summed over, is that of the examples on both sides: which side has to be turned?",
        ),
        Slip(
            "one minus forgotten",
            _with(lambda z: torch.tanh(z) ** 2),
            "The slope of tanh is off: it should be 1 where the sum is 0, and yours is 0 there.",
        ),
        Slip(
            "square around the whole",
            _with(lambda z: (1 - torch.tanh(z)) ** 2),
            "The square covers too much in the slope of tanh. Look at your brackets.",
        ),
        Slip(
            "inputs left out, one number a neuron",
            lambda x, W, v, e: (e[:, None] * v * _slope(x @ W.T)).sum(dim=0),
            "You have one number for each neuron. A neuron has a weight for each input, and each "
            "needs its own: what flows in plays no part yet.",
        ),
        Slip(
            "gradient of the outgoing weights",
            lambda x, W, v, e: e @ torch.tanh(x @ W.T),
            "This is the gradient with respect to `v`. Asked is the one with respect to the hidden "
            "weights W.",
        ),
        Slip(
            "first example only",
            lambda x, W, v, e: (e[:1, None] * v * _slope(x[:1] @ W.T)).T @ x[:1],
            "Only the first example counts. Look at where you pick an entry: the sum runs over all "
            "of them.",
        ),
        Slip(
            "last example only",
            lambda x, W, v, e: (e[-1:, None] * v * _slope(x[-1:] @ W.T)).T @ x[-1:],
            "Only the last example counts. In a loop, a plain `=` replaces what came before: look "
            "at how each example is added to the total.",
        ),
        Slip(
            "before the sum over examples",
            lambda x, W, v, e: (e[:, None] * v * _slope(x @ W.T))[:, :, None] * x[:, None, :],
            "You have a gradient for each example, of shape (n, h, d). One step is missing: what "
            "happens to the examples?",
        ),
        Slip(
            "sums taken apart",
            lambda x, W, v, e: torch.outer((e[:, None] * v * _slope(x @ W.T)).sum(0), x.sum(0)),
            "Errors and inputs are each summed over the examples before they meet. Each example "
            "should meet its own inputs first.",
        ),
        Slip(
            "weights in the inputs' place",
            lambda x, W, v, e: (e[:, None] * v * _slope(x @ W.T)).sum(dim=0)[:, None] * W,
            "You multiply by W at the end. A weight is moved by what flows into it: which of the "
            "arguments is that?",
        ),
        Slip(
            "a step taken",
            lambda x, W, v, e: W - (e[:, None] * v * _slope(x @ W.T)).T @ x,
            "These are the weights after a step. Asked is the gradient that the step is taken "
            "with.",
        ),
        Slip(
            "the output",
            lambda x, W, v, e: torch.tanh(x @ W.T) @ v,
            "This is the output of the network. Asked is how the loss changes with each hidden "
            "weight.",
        ),
    ),
    also_right=(
        _by_autograd,
        _by_backward,
        _by_loop,
        lambda x, W, v, e: torch.einsum("n,h,nh,nd->hd", e, v, _slope(x @ W.T), x),
        lambda x, W, v, e: v[:, None] * ((e[:, None] / torch.cosh(x @ W.T) ** 2).T @ x),
    ),
)
