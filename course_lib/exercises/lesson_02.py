"""Exercises of lesson 02: biases, where neurons fire, how biases start and are held back."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from ..lab.device import generator
from ..nn import biases
from .model import Case, Exercise, Twin


def _drawing(seed: int) -> Callable[..., Tensor]:
    """Return a function that draws random tensors, one after the other, from one seed."""
    source = generator(seed)

    def draw(*shape: int, dtype: torch.dtype = torch.float64) -> Tensor:
        return torch.randn(*shape, generator=source, dtype=dtype)

    return draw


def _layer(
    draw: Callable[..., Tensor], n: int, d: int, h: int, dtype: torch.dtype = torch.float64
) -> tuple[Tensor, Tensor, Tensor]:
    return draw(n, d, dtype=dtype), draw(h, d, dtype=dtype), draw(h, dtype=dtype)


# 02.affine


def _affine_cases(seed: int) -> list[Case]:
    draw = _drawing(seed)
    x, weight, bias = _layer(draw, 3, 2, 4)
    return [
        Case("5 examples, 3 inputs and 4 neurons", _layer(draw, 5, 3, 4)),
        Case("2 examples, 6 inputs and 3 neurons", _layer(draw, 2, 6, 3)),
        Case("4 examples, 3 inputs and 4 neurons", _layer(draw, 4, 3, 4)),
        Case("5 examples, 4 inputs and 4 neurons", _layer(draw, 5, 4, 4)),
        Case("3 examples, 3 inputs and 3 neurons", _layer(draw, 3, 3, 3)),
        Case("1 example, 3 inputs and 2 neurons", _layer(draw, 1, 3, 2), special=True),
        Case("4 examples, 3 inputs and 1 neuron", _layer(draw, 4, 3, 1), special=True),
        Case("1 example, 1 input and 1 neuron", _layer(draw, 1, 1, 1), special=True),
        Case("biases that are all zero", (x, weight, torch.zeros_like(bias)), special=True),
        Case("inputs that are all zero", (torch.zeros_like(x), weight, bias), special=True),
        Case("biases around 100,000", (x, weight, 1e5 * bias), special=True),
        Case(
            "50 examples, 64 inputs and 10 neurons in float32",
            _layer(draw, 50, 64, 10, torch.float32),
            special=True,
        ),
    ]


def _affine_by_loop(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    columns = [(x * w).sum(dim=1) + b for w, b in zip(weight, bias, strict=True)]
    return torch.stack(columns, dim=1)


def _affine_with_ones(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    ones = torch.ones(len(x), 1, dtype=x.dtype)
    return torch.cat([x, ones], dim=1) @ torch.cat([weight, bias[:, None]], dim=1).T


AFFINE = Exercise(
    id="02.affine",
    points=2,
    asks="the weighted sums of a layer, each neuron with its own bias",
    reference=biases.affine,
    cases=_affine_cases,
    hints=(
        "In lesson 01 a layer gave (n, h) numbers, one for each example and neuron. How many "
        "biases are there, and which of those numbers share one?",
        "Write the layer of lesson 01 first. Its result has n rows of h numbers, and the same h "
        "biases belong to every row. What happens when torch adds a tensor of shape (h,) to one of "
        "shape (n, h)?",
        "torch lines shapes up from the right: (n, h) and (h,) fit as they are. So the biases need "
        "no reshaping; the bias comes after the product, outside its brackets.",
    ),
    twins=(
        Twin(
            "bias inside the product",
            lambda x, weight, bias: x @ (weight + bias[:, None]).T,
            "The bias is added to the weights, inside the product, so it is multiplied by every "
            "input. A bias does not depend on the input: look at your brackets.",
        ),
        Twin(
            "bias added to the inputs",
            lambda x, weight, bias: (x + bias) @ weight.T,
            "The bias is added to the inputs, before the weights. It belongs to a neuron, not to "
            "an input: look at which step comes first.",
        ),
        Twin(
            "bias added along the inputs",
            lambda x, weight, bias: x @ (weight + bias).T,
            "The bias is added inside the brackets, to the weights, and even along the inputs. It "
            "comes after the product, one for each neuron.",
        ),
        Twin(
            "broadcast along the batch",
            lambda x, weight, bias: x @ weight.T + bias[:, None],
            "The biases run down the examples: each example gets a bias, where each neuron should. "
            "Look at the axis that you add to `bias`, and on which side shapes are lined up.",
        ),
        Twin(
            "broadcast along the batch, bias first",
            lambda x, weight, bias: bias[:, None] + x @ weight.T,
            "The column of biases runs down the examples, so that each example gets a bias where "
            "each neuron should. Look at the axis that you add to `bias`.",
        ),
        Twin(
            "transposed weights",
            lambda x, weight, bias: x @ weight + bias,
            "The product sums over the neurons where it should sum over the inputs, as in lesson "
            "01: a neuron is a row of `weight`. Look at which of its axes meets the inputs.",
        ),
        Twin(
            "order swapped",
            lambda x, weight, bias: weight @ x + bias,
            "The weights stand on the left, so that the product sums over the examples. Look at "
            "which axis of each of the two counts the inputs: those two have to meet.",
        ),
        Twin(
            "result transposed",
            lambda x, weight, bias: weight @ x.T + bias[:, None],
            "The numbers are right, but they are laid out as (neurons, examples). The examples "
            "come first: look at which side each matrix stands on.",
        ),
        Twin(
            "result transposed, biases along the examples",
            lambda x, weight, bias: weight @ x.T + bias,
            "Neurons stand in the rows here and examples in the columns, so that the biases run "
            "along the examples. Look at which side each matrix stands on: the examples come "
            "first.",
        ),
        Twin(
            "elementwise product",
            lambda x, weight, bias: x * weight + bias,
            "`*` multiplies place by place and adds nothing up. A layer needs a sum over the "
            "inputs for each pair of an example and a neuron, and only then the bias.",
        ),
        Twin(
            "example and neuron in pairs",
            lambda x, weight, bias: (x * weight).sum(dim=1) + bias,
            "`x * weight` lets example 0 meet neuron 0 only, example 1 neuron 1, and so on. In a "
            "layer each example meets every neuron: which product does that?",
        ),
        Twin(
            "bias left out",
            lambda x, weight, bias: x @ weight.T,
            "The bias plays no part in your result: this is the layer of lesson 01. What should "
            "come out for an example whose inputs are all 0?",
        ),
        Twin(
            "bias subtracted",
            lambda x, weight, bias: x @ weight.T - bias,
            "The bias is taken off. A bias above 0 makes a neuron answer more: look at the sign in "
            "the formula.",
        ),
        Twin(
            "bias multiplied",
            lambda x, weight, bias: x @ weight.T * bias,
            "The bias multiplies the weighted sum, so that it acts like one more weight. An offset "
            "moves the answer even where the inputs are 0: which operation does that?",
        ),
        Twin(
            "bias added once for each input",
            lambda x, weight, bias: (x[:, None, :] * weight + bias[:, None]).sum(dim=2),
            "The bias is added to every single product, so it counts once for each input. Look at "
            "what your sum runs over.",
        ),
        Twin(
            "all biases to all neurons",
            lambda x, weight, bias: x @ weight.T + bias.sum(),
            "The biases are added up, and every neuron gets them all. Each neuron has one of its "
            "own: look for a sum too many.",
        ),
        Twin(
            "one bias for all neurons",
            lambda x, weight, bias: x @ weight.T + bias[0],
            "Every neuron gets the bias of the first. Look at where you pick an entry of `bias`: "
            "all are asked for.",
        ),
        Twin(
            "neurons added up",
            lambda x, weight, bias: (x @ weight.T + bias).sum(dim=1),
            "The neurons of the layer are added into one number. Each neuron should keep its own: "
            "look for a sum too many.",
        ),
        Twin(
            "examples added up",
            lambda x, weight, bias: (x @ weight.T + bias).sum(dim=0),
            "The examples are added into one row. Each example should keep a row of its own: look "
            "for a sum too many.",
        ),
        Twin(
            "a sigmoid on top",
            lambda x, weight, bias: torch.sigmoid(x @ weight.T + bias),
            "A sigmoid comes on top. Asked is the sum itself, which may be any number: look at "
            "your last step.",
        ),
        Twin(
            "a relu on top",
            lambda x, weight, bias: torch.relu(x @ weight.T + bias),
            "What is below 0 has been cut off. Asked is the sum itself, which may be any number: "
            "look at your last step.",
        ),
    ),
    also_right=(
        _affine_by_loop,
        _affine_with_ones,
        lambda x, weight, bias: functional.linear(x, weight, bias),
        lambda x, weight, bias: torch.einsum("nd,hd->nh", x, weight) + bias[None, :],
        lambda x, weight, bias: torch.addmm(bias, x, weight.T),
    ),
    needs=("grad",),
)


# 02.threshold


def _threshold_cases(seed: int) -> list[Case]:
    draw = _drawing(seed)
    single = torch.float32

    def neurons(h: int, dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor]:
        return draw(h, dtype=dtype), draw(h, dtype=dtype)

    weight, bias = neurons(4)
    return [
        Case("5 neurons", neurons(5)),
        Case("3 neurons", neurons(3)),
        Case("4 neurons whose weights are below 0", (-weight.abs() - 0.1, bias)),
        Case("1 neuron", neurons(1), special=True),
        Case("biases that are all zero", (weight, torch.zeros_like(bias)), special=True),
        Case("weights around 0.000001", (1e-6 * weight, bias), special=True),
        Case("biases around 100,000", (weight, 1e5 * bias), special=True),
        Case("100 neurons in float32", neurons(100, single), special=True),
    ]


THRESHOLD = Exercise(
    id="02.threshold",
    points=1,
    asks="the input at which each neuron's output changes sign",
    reference=biases.threshold,
    cases=_threshold_cases,
    hints=(
        "A neuron has the weight 2 and the bias -6. What is its output at the input 1? At 10? "
        "Where in between is it exactly 0?",
        "At the threshold the weighted input and the bias cancel. Write that down as an equation "
        "with an unknown x, for one neuron.",
        "`weight * x + bias = 0`: bring the bias to the other side, which changes something about "
        "it, then get rid of what stands before x. The same works for whole tensors.",
    ),
    twins=(
        Twin(
            "sign",
            lambda weight, bias: bias / weight,
            "Your threshold lies on the wrong side of 0. Put it back into weight · x + bias: the "
            "two should cancel, not add.",
        ),
        Twin(
            "upside down",
            lambda weight, bias: -weight / bias,
            "The fraction stands upside down. Twice the bias should push the threshold twice as "
            "far out: look at what divides what.",
        ),
        Twin(
            "upside down, and the sign",
            lambda weight, bias: weight / bias,
            "The fraction stands upside down, and its sign is lost too. Start from weight · x + "
            "bias = 0, one step at a time.",
        ),
        Twin(
            "weight forgotten",
            lambda weight, bias: -bias,
            "Your threshold does not depend on the weight. A neuron that amplifies its input ten "
            "times needs ten times less of it: look at what stands before x.",
        ),
        Twin(
            "multiplied",
            lambda weight, bias: -bias * weight,
            "You multiply by the weight. A stronger weight should bring the threshold nearer to 0, "
            "not push it away: how is a factor before x undone?",
        ),
        Twin(
            "subtracted",
            lambda weight, bias: -bias - weight,
            "The weight is taken off. It multiplies x, so taking it off does not undo it.",
        ),
        Twin(
            "sign of the weight lost",
            lambda weight, bias: -bias / weight.abs(),
            "This is right for weights above 0 only. With a weight below 0 your threshold lies on "
            "the wrong side: look for an abs or a square.",
        ),
        Twin(
            "never below 0",
            lambda weight, bias: (bias / weight).abs(),
            "Your threshold is never below 0. It can be, when weight and bias have the same sign: "
            "look for an abs.",
        ),
        Twin(
            "where the output is one",
            lambda weight, bias: (1 - bias) / weight,
            "This is where the output reaches 1. The sign changes elsewhere: look at the right "
            "side of your equation.",
        ),
        Twin(
            "where the output is one half",
            lambda weight, bias: (0.5 - bias) / weight,
            "This is where the output reaches one half. A neuron begins to fire where its output "
            "leaves 0: look at the right side of your equation.",
        ),
        Twin(
            "the bias itself",
            lambda weight, bias: bias.clone(),
            "This is the bias. It is what the neuron says at the input 0; asked is the input at "
            "which it says 0.",
        ),
        Twin(
            "the output at one",
            lambda weight, bias: weight + bias,
            "This is the output for the input 1. Asked is the other direction: which input gives "
            "the output 0?",
        ),
    ),
    also_right=(
        lambda weight, bias: (0 - bias) / weight,
        lambda weight, bias: bias / -weight,
        lambda weight, bias: torch.stack([-b / w for w, b in zip(weight, bias, strict=True)]),
        lambda weight, bias: -(bias * weight.reciprocal()),
    ),
)


# 02.bias_column


def _column_cases(seed: int) -> list[Case]:
    draw = _drawing(seed)
    x, weight, bias = _layer(draw, 3, 2, 4)
    return [
        Case("5 examples, 3 inputs and 4 neurons", _layer(draw, 5, 3, 4)),
        Case("2 examples, 6 inputs and 3 neurons", _layer(draw, 2, 6, 3)),
        Case("4 examples, 3 inputs and 4 neurons", _layer(draw, 4, 3, 4)),
        Case("1 example, 1 input and 1 neuron", _layer(draw, 1, 1, 1), special=True),
        Case("inputs that are all zero", (torch.zeros_like(x), weight, bias), special=True),
        Case("biases around 100,000", (x, weight, 1e5 * bias), special=True),
        Case(
            "50 examples, 64 inputs and 10 neurons in float32",
            _layer(draw, 50, 64, 10, torch.float32),
            special=True,
        ),
    ]


def _ones(x: Tensor) -> Tensor:
    return torch.ones(len(x), 1, dtype=x.dtype)


def _append(left: Tensor, right: Tensor) -> Tensor:
    return torch.cat([left, right], dim=1)


def _column_by_padding(x: Tensor, weight: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
    wide = torch.zeros(len(weight), weight.shape[1] + 1, dtype=weight.dtype)
    wide[:, :-1] = weight
    wide[:, -1] = bias
    return functional.pad(x, (0, 1), value=1.0), wide


BIAS_COLUMN = Exercise(
    id="02.bias_column",
    points=2,
    asks="inputs with a last column of ones, and weights with the biases as their last column",
    reference=biases.bias_column,
    cases=_column_cases,
    hints=(
        "Invent one more input that is 1 in every example. Which weight should each neuron give "
        "it, so that it adds exactly the neuron's bias?",
        "The inputs get one more column, and the weights get one more column: (n, d + 1) and (h, d "
        "+ 1). A flat tensor of shape (h,) has to stand upright before it can be a column.",
        "`torch.cat([a, b], dim=1)` sets columns beside each other, if both are matrices. "
        "`bias[:, None]` has the shape (h, 1). Give back both results, the inputs first.",
    ),
    twins=(
        Twin(
            "ones first",
            lambda x, w, b: (_append(_ones(x), x), _append(b[:, None], w)),
            "Your two matrices fit each other, but the new column stands first. It is asked for as "
            "the last one: look at the order inside your cat.",
        ),
        Twin(
            "ones first, biases last",
            lambda x, w, b: (_append(_ones(x), x), _append(w, b[:, None])),
            "The ones are the first column and the biases the last, so they never meet. Both "
            "belong at the end: look at the order inside the cat of the inputs.",
        ),
        Twin(
            "ones last, biases first",
            lambda x, w, b: (_append(x, _ones(x)), _append(b[:, None], w)),
            "The ones are the last column and the biases the first, so they never meet. Both "
            "belong at the end: look at the order inside the cat of the weights.",
        ),
        Twin(
            "zeros instead of ones",
            lambda x, w, b: (_append(x, 0 * _ones(x)), _append(w, b[:, None])),
            "The new input is always 0, so the biases never get through. What must a bias be "
            "multiplied by to arrive as it is?",
        ),
        Twin(
            "ones and biases swapped",
            lambda x, w, b: (_append(x, b[:, None]), _append(w, _ones(w))),
            "The biases went to the inputs and the ones to the weights. A bias belongs to a "
            "neuron, and a neuron is a row of `weight`.",
        ),
        Twin(
            "ones in both",
            lambda x, w, b: (_append(x, _ones(x)), _append(w, _ones(w))),
            "The weights got ones too, so that every neuron has the bias 1. Where are the biases "
            "that you were given?",
        ),
        Twin(
            "a row of ones",
            lambda x, w, b: (torch.cat([x, torch.ones_like(x[:1])]), _append(w, b[:, None])),
            "The ones were added as a row: one example more, and no input more. Look at the axis "
            "that your cat works along.",
        ),
        Twin(
            "a block of ones",
            lambda x, w, b: (_append(x, torch.ones_like(x)), _append(w, b[:, None])),
            "You append as many ones as there are inputs. One new input is enough: look at the "
            "shape of your ones.",
        ),
        Twin(
            "axis forgotten",
            lambda x, w, b: (torch.cat([x, _ones(x)]), torch.cat([w, b[:, None]])),
            "Without `dim`, cat sets matrices below each other. Beside each other is asked for: "
            "which axis counts the columns?",
        ),
        Twin(
            "flat",
            lambda x, w, b: (torch.cat([x, torch.ones(len(x))], dim=1), _append(w, b[:, None])),
            "What you append is flat, of one axis, and torch asks for a matrix. A column of n "
            "numbers has the shape (n, 1): look at how to give a tensor a second axis.",
        ),
        Twin(
            "biases lie down",
            lambda x, w, b: (_append(x, _ones(x)), _append(w, b[None])),
            "Your biases are a row, of shape (1, h), and torch cannot set that beside the weights. "
            "They have to stand upright: look at which axis you add.",
        ),
        Twin(
            "biases as a new row",
            lambda x, w, b: (_append(x, _ones(x)), torch.cat([w, b[None]])),
            "The biases are put below the weights, as if they were one more neuron. Each neuron is "
            "a row and gets one number at its end: look at the axis of your cat.",
        ),
        Twin(
            "weights transposed",
            lambda x, w, b: (_append(x, _ones(x)), torch.cat([w.T, b[None]])),
            "The first matrix is right, the second lies on its side. As in every layer, a neuron "
            "is a row of it.",
        ),
        Twin(
            "added instead of appended",
            lambda x, w, b: (x + 1, w + b[:, None]),
            "One is added to every input and the bias to every weight. They should stand beside "
            "the others, as one more column, and leave them alone.",
        ),
        Twin(
            "weights left as they were",
            lambda x, w, b: (_append(x, _ones(x)), w),
            "The inputs have a new column and the weights do not, so that they no longer fit. "
            "Where do the biases go?",
        ),
        Twin(
            "inputs left as they were",
            lambda x, w, b: (x, _append(w, b[:, None])),
            "The weights have a new column and the inputs do not, so that they no longer fit. What "
            "should the biases be multiplied by?",
        ),
        Twin(
            "results swapped",
            lambda x, w, b: (_append(w, b[:, None]), _append(x, _ones(x))),
            "Both matrices are right, but they come back in the wrong order: the inputs are asked "
            "for first.",
        ),
        Twin(
            "the layer's result",
            lambda x, w, b: x @ w.T + b,
            "This is the result of the layer. Asked are the two matrices that make it, as a pair.",
        ),
    ),
    also_right=(
        _column_by_padding,
        lambda x, w, b: (torch.column_stack([x, x.new_ones(len(x))]), torch.column_stack([w, b])),
        lambda x, w, b: [torch.hstack([x, _ones(x)]), torch.hstack([w, b.unsqueeze(1)])],
    ),
)


# 02.prior_bias


def _prior_cases(seed: int) -> list[Case]:
    source = generator(seed)

    def shares(*shape: int) -> Tensor:
        return 0.05 + 0.9 * torch.rand(*shape, generator=source, dtype=torch.float64)

    def of(*values: float) -> Tensor:
        return torch.tensor(values, dtype=torch.float64)

    return [
        Case("4 shares", (shares(4),)),
        Case("2 by 3 shares", (shares(2, 3),)),
        Case("3 small shares", (0.1 * shares(3),)),
        Case("a single share", (shares(1),), special=True),
        Case("a share of one half", (of(0.5),), special=True),
        Case("shares of one in a billion and fewer", (of(1e-9, 1e-15, 1e-200),), special=True),
        Case("shares just below 1", (of(1 - 1e-3, 1 - 1e-6),), special=True),
        Case("50 shares in float32", (shares(50).float(),), special=True),
    ]


PRIOR_BIAS = Exercise(
    id="02.prior_bias",
    points=2,
    asks="the bias at which a neuron without any input gives the probability p",
    reference=biases.prior_bias,
    cases=_prior_cases,
    hints=(
        "With all inputs at 0 only the bias is left, and the sigmoid must turn it into p. Should "
        "the bias be above or below 0 if p is one half? If p is one in a hundred?",
        "Set 1 / (1 + exp(-b)) = p and solve for b, on paper: turn both sides over, take 1 off, "
        "and look at what is left of the exponential.",
        "It is the logarithm of a fraction: how often it happens over how often it does not. Mind "
        "the brackets below the line.",
    ),
    twins=(
        Twin(
            "p itself",
            lambda p: p.clone(),
            "This is the probability. The bias goes in before the sigmoid, where any number is "
            "allowed, also below 0: which number does the sigmoid turn into p?",
        ),
        Twin(
            "sign",
            lambda p: torch.log((1 - p) / p),
            "The sign is wrong: a rare class would start out likely. Look at what stands above the "
            "line and what below.",
        ),
        Twin(
            "odds without the logarithm",
            lambda p: p / (1 - p),
            "These are the odds. They are never below 0, so the sigmoid could never give less than "
            "one half: a step is missing.",
        ),
        Twin(
            "odds upside down",
            lambda p: (1 - p) / p,
            "These are the odds that it does not happen, without a logarithm. They are never below "
            "0, so the sigmoid could never give less than one half.",
        ),
        Twin(
            "logarithm of p",
            lambda p: torch.log(p),
            "This is the logarithm of p. It is right for very rare classes only, and for one half "
            "it is not 0: how often does the class not happen?",
        ),
        Twin(
            "minus the logarithm of p",
            lambda p: -torch.log(p),
            "This is how surprised one is when it happens. For p one half it is not 0, as it "
            "should be: how often does it not happen?",
        ),
        Twin(
            "logarithm of the rest",
            lambda p: torch.log(1 - p),
            "This looks only at how often it does not happen. Both shares are needed, one above "
            "the line and one below.",
        ),
        Twin(
            "brackets",
            lambda p: torch.log(p / 1 - p),
            "Brackets are missing below the line: `p / 1 - p` divides first, and nothing is left. "
            "Look at what your fraction really divides by.",
        ),
        Twin(
            "brackets, logarithm first",
            lambda p: torch.log(p) / (1 - p),
            "The logarithm covers p alone, and is divided afterwards. Look at where its bracket "
            "closes.",
        ),
        Twin(
            "no brackets at all",
            lambda p: torch.log(p) / 1 - p,
            "The logarithm covers p alone, and below the line only the 1 is left. Look at where "
            "your brackets open and close.",
        ),
        Twin(
            "p minus one",
            lambda p: torch.log(p / (p - 1)),
            "Below the line stands p - 1, which is never above 0, so there is no logarithm. Look "
            "at the order of the two.",
        ),
        Twin(
            "plus for minus",
            lambda p: torch.log(p / (1 + p)),
            "Below the line stands 1 + p. How often it does not happen is something else: look at "
            "the sign.",
        ),
        Twin(
            "logarithms added",
            lambda p: torch.log(p) + torch.log(1 - p),
            "Two logarithms are added, which is the logarithm of a product. Which of the two "
            "shares should make the bias smaller when it grows?",
        ),
        Twin(
            "a ratio of logarithms",
            lambda p: torch.log(p) / torch.log(1 - p),
            "This divides one logarithm by another. A logarithm of a fraction is something else: "
            "look at the order of the two steps.",
        ),
        Twin(
            "logarithm to the base 10",
            lambda p: torch.log10(p / (1 - p)),
            "The logarithm has the base 10. The sigmoid is built on e: look for the logarithm that "
            "undoes `exp`.",
        ),
        Twin(
            "logarithm to the base 2",
            lambda p: torch.log2(p / (1 - p)),
            "The logarithm has the base 2. The sigmoid is built on e: look for the logarithm that "
            "undoes `exp`.",
        ),
        Twin(
            "the sigmoid itself",
            torch.sigmoid,
            "This is the sigmoid of p. Asked is the way back: which number does the sigmoid turn "
            "into p?",
        ),
        Twin(
            "difference",
            lambda p: p - (1 - p),
            "This is the difference between p and its opposite. It is 0 at one half, as it should "
            "be, but it never gets below -1: put it into the sigmoid and see.",
        ),
    ),
    also_right=(
        torch.logit,
        lambda p: torch.log(p) - torch.log(1 - p),
        lambda p: -torch.log(1 / p - 1),
        lambda p: torch.log(p / (1 - p)),
        lambda p: -torch.log((1 - p) / p),
    ),
)


# 02.l2_gradient


def _l2_cases(seed: int) -> list[Case]:
    draw = _drawing(seed)
    gradient, bias = draw(3), draw(3)
    single = torch.float32
    return [
        Case("4 biases and strength 0.3", (draw(4), draw(4), 0.3)),
        Case("5 biases and strength 1.7", (draw(5), draw(5), 1.7)),
        Case("1 bias", (draw(1), draw(1), 0.3), special=True),
        Case("strength 0", (gradient, bias, 0.0), special=True),
        Case("biases that are all zero", (gradient, torch.zeros_like(bias), 0.7), special=True),
        Case("gradients that are all zero", (torch.zeros_like(bias), bias, 0.7), special=True),
        Case("biases around 100,000", (gradient, 1e5 * bias, 0.1), special=True),
        Case(
            "50 biases in float32",
            (draw(50, dtype=single), draw(50, dtype=single), 0.1),
            special=True,
        ),
    ]


def _l2_by_autograd(gradient: Tensor, bias: Tensor, strength: float) -> Tensor:
    b = bias.detach().requires_grad_()
    penalty = strength * (b**2).sum()
    return gradient + torch.autograd.grad(penalty, b)[0]


L2_GRADIENT = Exercise(
    id="02.l2_gradient",
    points=1,
    asks="the gradient of loss + strength · (sum of the squared biases)",
    reference=biases.l2_gradient,
    cases=_l2_cases,
    hints=(
        "The gradient of a sum of two terms is the sum of their gradients. You are given the first "
        "one. What is the second term, as a function of one bias b?",
        "Raise b from 3 to 3.01: by how much does b² rise, for each unit of b? And from 5 to 5.01? "
        "What is the rule?",
        "For each bias: its own entry of `gradient`, plus the strength times the derivative of b². "
        "A square leaves a factor behind.",
    ),
    twins=(
        Twin(
            "factor 2 lost",
            lambda g, b, s: g + s * b,
            "The pull on the bias is half of what it should be. This is the gradient for strength "
            "/ 2 · b², which is torch's weight decay; here the penalty has no half. Look at the "
            "derivative of a square.",
        ),
        Twin(
            "square kept",
            lambda g, b, s: g + 2 * s * b**2,
            "The factor is there, but the square stayed too. What is the derivative of a square?",
        ),
        Twin(
            "sign of the bias lost",
            lambda g, b, s: g + 2 * s * b.abs(),
            "A bias below 0 is pushed the wrong way: its sign is lost. Look for an abs.",
        ),
        Twin(
            "bias left out",
            lambda g, b, s: g + 2 * s,
            "The pull is the same for all biases. For b² it depends on how large the bias is: look "
            "at the derivative of a square.",
        ),
        Twin(
            "penalty counted twice",
            lambda g, b, s: g + 4 * s * b,
            "The penalty counts twice: the pull on the bias is double what it should be. Look for "
            "a factor that comes in a second time.",
        ),
        Twin(
            "loss counted twice",
            lambda g, b, s: 2 * g + 2 * s * b,
            "The loss counts twice. Its gradient should go in once, as it is: look at what the "
            "factor stands before.",
        ),
        Twin(
            "the penalty, not its gradient",
            lambda g, b, s: g + s * b**2,
            "You add the penalty's value, not its gradient. A bias below 0 would be pushed further "
            "down: how fast does b² change when b does?",
        ),
        Twin(
            "the summed penalty",
            lambda g, b, s: g + s * (b**2).sum(),
            "You add the value of the penalty, one number for all. The gradient has an entry for "
            "each bias: how fast does the penalty change when that one bias does?",
        ),
        Twin(
            "sum over the biases",
            lambda g, b, s: g + 2 * s * b.sum(),
            "Every bias is pulled by the sum of them all. The penalty is a sum, but only one of "
            "its terms changes with a given bias: look for a sum too many.",
        ),
        Twin(
            "mean over the biases",
            lambda g, b, s: g + 2 * s * b / b.numel(),
            "The pull is divided by the number of biases. The penalty here is their sum of "
            "squares, not the mean: look for what brings the number in.",
        ),
        Twin(
            "loss left out",
            lambda g, b, s: 2 * s * b,
            "This is the gradient of the penalty alone. The gradient of the loss is given and "
            "belongs in the result too.",
        ),
        Twin(
            "gradient in the bias's place",
            lambda g, b, s: g + 2 * s * g,
            "The penalty pulls in proportion to the gradient, not to the bias. Look at which of "
            "the two the penalty is made of.",
        ),
        Twin(
            "roles swapped",
            lambda g, b, s: b + 2 * s * g,
            "Gradient and bias have changed places. The gradient of the loss goes in as it is, and "
            "the penalty is made of the biases.",
        ),
        Twin(
            "a step taken",
            lambda g, b, s: b - g - 2 * s * b,
            "This is the bias after a step of descent. Asked is the gradient that the step is "
            "taken with.",
        ),
        Twin(
            "sign",
            lambda g, b, s: g - 2 * s * b,
            "The penalty has the wrong sign: a step against this gradient would drive the biases "
            "away from 0. The descent itself brings the minus; the gradient does not.",
        ),
        Twin(
            "strength left out",
            lambda g, b, s: g + 2 * b,
            "The strength plays no part in your result. Look at where it stands in the penalty.",
        ),
        Twin(
            "strength on the loss too",
            lambda g, b, s: s * (g + 2 * b),
            "The strength multiplies the loss as well. It belongs to the penalty alone: look at "
            "your brackets.",
        ),
        Twin(
            "L1",
            lambda g, b, s: g + s * b.sign(),
            "This is the gradient for the penalty |b|, L1: the same pull for small and large. For "
            "b² the pull depends on how large the bias is.",
        ),
    ),
    also_right=(
        _l2_by_autograd,
        lambda g, b, s: g + s * (b + b),
        lambda g, b, s: torch.add(g, b, alpha=2 * s),
        lambda g, b, s: torch.stack([gi + 2 * s * bi for gi, bi in zip(g, b, strict=True)]),
    ),
)


EXERCISES = (AFFINE, THRESHOLD, BIAS_COLUMN, PRIOR_BIAS, L2_GRADIENT)
