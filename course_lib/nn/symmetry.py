"""Why neurons that start alike stay alike: the gradient of hidden weights, and a count of rows.

Letters: n examples, d inputs, h hidden neurons, one output.
"""

from torch import Tensor

from course_lib.nn.activations import tanh
from course_lib.nn.layers import dense
from course_lib.nn.shapes import expect


def hidden_gradient(x: Tensor, W: Tensor, v: Tensor, error: Tensor) -> Tensor:
    """Return the gradient of a loss with respect to the hidden weights of a tanh network.

    The output of example n is `out_n = Σ_h v_h tanh(Σ_d W_hd x_nd)`. x: `(n, d)`. W: `(h, d)`.
    v: `(h,)`. error: `(n,)`, how fast the loss grows with each output, `∂loss/∂out_n`. Returns
    `∂loss/∂W_hd = Σ_n error_n v_h (1 − tanh²(Σ_d W_hd x_nd)) x_nd`, of shape `(h, d)`. Two neurons
    with equal rows of W and equal entries of v get equal rows. Raises ValueError for wrong shapes.

    >>> x, error = torch.tensor([[1.0, 2.0]]), torch.ones(1)
    >>> hidden_gradient(x, torch.zeros(3, 2), torch.tensor([5.0, 5.0, 0.0]), error).tolist()
    [[5.0, 10.0], [5.0, 10.0], [0.0, 0.0]]
    """
    hidden = tanh(dense(x, W))
    expect("v", v, f"({len(W)},): one weight a hidden neuron", v.shape == (len(W),))
    expect("error", error, f"({len(x)},): one an example", error.shape == (len(x),))
    at_neurons = error[:, None] * v * (1 - hidden**2)
    return at_neurons.T @ x


def distinct_rows(weight: Tensor, tolerance: float = 1e-3) -> Tensor:
    """Return how many different rows a weight matrix `(h, d)` has, a whole number in a tensor.

    A row counts unless an earlier one is equal to it: nowhere further from it than `tolerance`
    times the largest entry of the matrix. Raises ValueError if weight is not a matrix.

    >>> distinct_rows(torch.tensor([[1.0, 2.0], [1.0, 2.0], [2.0, 1.0]]))
    tensor(2)
    """
    expect("weight", weight, "(h, d)", weight.ndim == 2)
    apart = (weight[:, None] - weight[None]).abs().amax(dim=2)
    equal = apart <= tolerance * weight.abs().amax()
    return (~equal.tril(diagonal=-1).any(dim=1)).sum()
