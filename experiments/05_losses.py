"""Lesson 05's claims about losses, measured over 24 seeds.

A8   What outliers in the training data do to fits by squared, absolute and Huber loss (diabetes).
A9   What wrong labels do to networks trained with cross-entropy and with two other losses (digits).
A10  Which loss suits which data, and how fast training gets there (all three data sets).
A11  Whether the probabilities of networks trained with each loss mean what they say (digits with
     noise, breast cancer).

A seed draws the division into training, validation and test part, the starting weights, what is
spoilt, and the order of the examples. What is compared shares all four. Each loss tries eleven
learning rates and keeps the one that does best on the validation part, in the mean over the seeds.
Where training data are spoilt, so are the validation data: nobody knows which are wrong. Test data
are as they were. All runs of a loss are trained together, as one batched program. It takes about
seven minutes:

    python experiments/05_losses.py
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple

import torch
from sklearn.datasets import load_diabetes
from torch import Tensor
from tqdm.auto import tqdm

from course_lib.lab import (
    Dataset,
    Run,
    Runs,
    Split,
    accuracy,
    best_setting,
    digits,
    draw_runs,
    each_run,
    generator,
    networks,
    parts,
    sweep,
    write_experiment,
)
from course_lib.lab.calibration import calibration_error, overconfidence
from course_lib.lab.corruption import noise
from course_lib.lab.data import breast_cancer, diabetes, resplit
from course_lib.lab.networks import network
from course_lib.nn.cross_entropy import bce_logits, brier, categorical_logits
from course_lib.nn.losses import absolute, huber, mse

SEEDS = 24
LRS = [2.0**k for k in range(-7, 4)]

Params = dict[str, Tensor]
Loss = Callable[[Tensor, Tensor], Tensor]


# Networks


def one_number(params: Params, x: Tensor) -> Tensor:
    """A network of one output, `(n,)`."""
    return network(params, x)[:, 0]


# Losses of outputs and right classes, summed over the classes, averaged over the examples


def one_hot(y: Tensor, classes: int) -> Tensor:
    return (y[:, None] == torch.arange(classes, device=y.device)).float()


def yes_or_no_each(z: Tensor, y: Tensor) -> Tensor:
    return z.shape[1] * bce_logits(z, one_hot(y, z.shape[1]))


def brier_softmax(z: Tensor, y: Tensor) -> Tensor:
    return brier(z.softmax(dim=1), y)


def absolute_softmax(z: Tensor, y: Tensor) -> Tensor:
    return z.shape[1] * absolute(z.softmax(dim=1), one_hot(y, z.shape[1]))


def squared_outputs(z: Tensor, y: Tensor) -> Tensor:
    return z.shape[1] * mse(z, one_hot(y, z.shape[1]))


def binary(z: Tensor, y: Tensor) -> Tensor:
    return bce_logits(z, y.float())


def brier_sigmoid(z: Tensor, y: Tensor) -> Tensor:
    return mse(z.sigmoid(), y.float())


def absolute_sigmoid(z: Tensor, y: Tensor) -> Tensor:
    return absolute(z.sigmoid(), y.float())


def squared_output(z: Tensor, y: Tensor) -> Tensor:
    """Squared error of one output without a sigmoid, which should be −1 or 1."""
    return mse(z, 2 * y.float() - 1)


PROBABILITIES = {
    "cross-entropy": categorical_logits,
    "Brier": brier_softmax,
    "absolute": absolute_softmax,
}
TEN = {**PROBABILITIES, "ten times yes or no": yes_or_no_each, "MSE, no softmax": squared_outputs}
TWO = {
    "cross-entropy": binary,
    "Brier": brier_sigmoid,
    "absolute": absolute_sigmoid,
    "MSE, no sigmoid": squared_output,
}
NUMBERS = {"MSE": mse, "absolute": absolute, "Huber": huber}


def right_sign(z: Tensor, y: Tensor) -> Tensor:
    """Return the share of right answers of one output: above 0 for class 1."""
    return ((z > 0) == (y == 1)).double().mean()


def classes_answered(z: Tensor, y: Tensor) -> Tensor:
    """Return how many of the classes are the answer to some example."""
    return one_hot(z.argmax(dim=1), z.shape[1]).amax(dim=0).double().sum()


# Runs


Spoil = Callable[[Split, torch.Generator], Split]


def as_it_is(split: Split, source: torch.Generator) -> Split:
    return split


def draw(
    whole: Dataset,
    sizes: Sequence[int],
    spoil: Spoil,
    view: Spoil,
    examples: int | None,
    seed: int,
) -> Run:
    """Return where a run starts, its data, divided and spoilt, and what draws their order."""
    source = generator(seed)
    data = resplit(whole, source)
    data = replace(data, train=Split(data.train.x[:examples], data.train.y[:examples]))
    data = Dataset(data.name, *(view(p, source) for p in parts(data)))
    start = networks.start(sizes, source)
    spoilt = {name: spoil(getattr(data, name), source) for name in ("train", "validation")}
    return Run(start, replace(data, **spoilt), source)


def draw_all(
    whole: Dataset,
    sizes: Sequence[int],
    spoil: Spoil = as_it_is,
    view: Spoil = as_it_is,
    examples: int | None = None,
) -> Runs:
    """Return the runs of all seeds.

    spoil: changes the training and the validation part. view: changes all three. examples: how many
    to train on, None for all.
    """
    return draw_runs(partial(draw, whole, sizes, spoil, view, examples), range(SEEDS))


class Trained(NamedTuple):
    """Runs after training at each rate: parameters, and what was watched after each epoch."""

    params: Params  # (rates, seeds, ...)
    watched: dict[str, Tensor]  # (rates, seeds, pauses + 1, ...)


def train_runs(
    runs: Runs,
    forward,
    loss: Loss,
    *,
    epochs: int,
    batch: int,
    watch: Mapping[str, tuple[str, Loss]],
    lrs: Sequence[float] = LRS,
    pause: int = 1,
) -> Trained:
    """Train each seed at each rate, and measure after every `pause` epochs.

    watch: under each name a part of the data and what to measure on it.
    """
    many = len(lrs)
    params, data, sources = runs.repeat(many)
    rates = torch.tensor(lrs).repeat_interleave(SEEDS)
    nothing = replace(data, validation=Split(data.train.x[:, :1], data.train.y[:, :1]))
    rows = [look(forward, params, data, watch)]
    for _ in range(0, epochs, pause):
        params, _ = sweep(
            forward, params, nothing, generators=sources, epochs=pause, batch_size=batch, loss=loss,
            lr=rates, label=None,
        )  # fmt: skip
        rows.append(look(forward, params, data, watch))

    def unfold(value: Tensor) -> Tensor:
        return value.view(many, SEEDS, *value.shape[1:])

    def stacked(values: list[Tensor]) -> Tensor:
        return unfold(torch.stack(values, dim=1))

    return Trained(
        {name: unfold(value) for name, value in params.items()},
        {name: stacked([row[name] for row in rows]) for name in watch},
    )


def look(forward, params: Params, data: Dataset, watch) -> dict[str, Tensor]:
    return {
        name: each_run(measure, forward, params, getattr(data, part))
        for name, (part, measure) in watch.items()
    }


# A8: outliers

SHARES = [0.0, 0.02, 0.05, 0.1, 0.2, 0.3]
DELTAS = [0.1, 0.3, 1.0, 3.0, 10.0, 30.0]
REGRESSION = {"epochs": 60, "batch": 33, "pause": 60, "lrs": [2.0**k for k in range(-11, 0)]}
MASS = 2  # the column of the body mass index


def scaled() -> tuple[Dataset, float]:
    """Return the diabetes data with y in standard deviations from its mean, and that deviation."""
    data = diabetes()
    mean, spread = data.train.y.mean(), data.train.y.std()
    return Dataset(data.name, *(Split(p.x, (p.y - mean) / spread) for p in parts(data))), spread


def zero_too_many(share: float) -> Spoil:
    """Multiply a share of the targets by ten, as a slip in typing does."""
    train = diabetes().train
    middle = train.y.mean() / train.y.std()

    def spoil(split: Split, source: torch.Generator) -> Split:
        slips = chosen(share, split, source)
        return Split(split.x, torch.where(slips, 10 * split.y + 9 * middle, split.y))

    return spoil


def pounds(share: float) -> Spoil:
    """Make a share of the body mass indices 2.2 times too large: weighed in pounds."""
    raw = load_diabetes(scaled=False).data[:, MASS]
    middle = raw.mean() / raw.std()

    def spoil(split: Split, source: torch.Generator) -> Split:
        slips, x = chosen(share, split, source), split.x.clone()
        x[:, MASS] = torch.where(slips, 2.2 * x[:, MASS] + 1.2 * middle, x[:, MASS])
        return Split(x, split.y)

    return spoil


def chosen(share: float, split: Split, source: torch.Generator) -> Tensor:
    """Return which examples a slip meets, `(n,)`: a share of them, at random."""
    order = torch.randperm(len(split), generator=source)
    return order < round(share * len(split))


def measure_outliers() -> dict:
    """Fit lines to spoilt data by each loss; measure the error on data that are not."""
    whole, spread = scaled()

    def fit(spoil: Spoil, loss: Loss) -> dict:
        runs = draw_all(whole, [whole.train.x.shape[1], 1], spoil)
        watch = {
            "validation": ("validation", loss),
            "test": ("test", absolute),
            "squared": ("test", mse),
        }
        watched = train_runs(runs, one_number, loss, watch=watch, **REGRESSION).watched
        best = best_setting({"lr": REGRESSION["lrs"]}, watched["validation"][:, :, -1])
        return {
            "lr": REGRESSION["lrs"][best],
            "test_error": spread * watched["test"][best, :, -1],
            "test_rmse": spread * watched["squared"][best, :, -1].sqrt(),
        }

    def huber_of(delta: float) -> Loss:
        return lambda p, y: huber(p, y, delta)

    by_share = {
        name: [fit(zero_too_many(share), loss) for share in SHARES]
        for name, loss in tqdm(NUMBERS.items(), desc="A8, outliers")
    }
    by_delta = {
        str(share): [fit(zero_too_many(share), huber_of(delta)) for delta in DELTAS]
        for share in tqdm((0.0, 0.1), desc="A8, δ")
    }
    of_inputs = {
        name: [fit(pounds(share), loss) for share in SHARES]
        for name, loss in tqdm(NUMBERS.items(), desc="A8, inputs")
    }
    return {
        **REGRESSION,
        "shares": SHARES,
        "deltas": DELTAS,
        "spread": float(spread),
        "by_share": by_share,
        "by_delta": by_delta,
        "inputs": of_inputs,
    }


# A9: confident mistakes

LABEL_NOISE = [0.0, 0.2, 0.4]
LABELS = {"epochs": 40, "batch": 50, "pause": 40}
HIDDEN = 32


def wrong_labels(share: float) -> Spoil:
    """Give a share of the examples the label of another class, at random."""

    def spoil(split: Split, source: torch.Generator) -> Split:
        off = torch.randint(1, 10, split.y.shape, generator=source)
        slips = chosen(share, split, source)
        return Split(split.x, torch.where(slips, (split.y + off) % 10, split.y))

    return spoil


def measure_wrong_labels() -> dict:
    """Train with wrong labels; test on right ones.

    The rate is chosen once for each share of wrong labels, and once for none: `unaware`.
    """
    result = {**LABELS, "shares": LABEL_NOISE, "losses": {}}
    watch = {"validation": ("validation", accuracy), "test": ("test", accuracy),
             "answered": ("test", classes_answered)}  # fmt: skip
    for name, loss in tqdm(PROBABILITIES.items(), desc="A9"):
        rows = []
        for share in LABEL_NOISE:
            runs = draw_all(digits(), [64, HIDDEN, 10], wrong_labels(share))
            watched = train_runs(runs, network, loss, watch=watch, **LABELS).watched
            best = best_setting({"lr": LRS}, -watched["validation"][:, :, -1])
            unaware = LRS.index(rows[0]["lr"]) if rows else best
            rows.append(
                {
                    "lr": LRS[best],
                    "test_accuracy": watched["test"][best, :, -1],
                    "unaware": watched["test"][unaware, :, -1],
                    "classes_answered": watched["answered"][unaware, :, -1],
                }
            )
        result["losses"][name] = rows
    return result


# A10: suits, and speed


class Problem(NamedTuple):
    runs: Runs
    forward: Callable[[Params, Tensor], Tensor]
    losses: dict[str, Loss]
    score: Loss  # what counts, the higher the better
    goal: float | Tensor  # the score to be reached on the validation part, for all seeds or each
    epochs: int
    batch: int
    lrs: list[float]


def problems() -> dict[str, Problem]:
    """Return the problems. Those of one layer take the whole training part for each step."""
    rates = [2.0**k for k in range(-5, 6)]
    two = {**TWO, "as two of many": lambda z, y: categorical_logits(zero_and(z), y)}
    numbers = draw_all(scaled()[0], [10, 1])
    cancer = draw_all(breast_cancer(), [30, 1])
    ten = draw_all(digits(), [64, HIDDEN, 10])
    return {
        "diabetes": Problem(
            numbers, one_number, NUMBERS, minus_rmse, near_least_squares(numbers), 60, 264, rates
        ),
        "breast_cancer": Problem(cancer, one_number, two, right_sign, 0.95, 60, 340, rates),
        "digits": Problem(ten, network, TEN, accuracy, 0.95, 40, 100, LRS),
    }


def minus_rmse(p: Tensor, y: Tensor) -> Tensor:
    return -mse(p, y).sqrt()


def near_least_squares(runs: Runs) -> Tensor:
    """Return for each seed the score of an error 5 % above that of least squares, `(seeds,)`."""

    def with_one(x: Tensor) -> Tensor:
        return torch.cat([x, torch.ones_like(x[..., :1])], dim=-1)

    train, validation = runs.data.train, runs.data.validation
    weights = torch.linalg.lstsq(with_one(train.x), train.y[..., None]).solution
    errors = (with_one(validation.x) @ weights)[..., 0] - validation.y
    return -1.05 * errors.square().mean(dim=1).sqrt()


def zero_and(z: Tensor) -> Tensor:
    """Return two logits: always 0, and z."""
    return torch.stack([torch.zeros_like(z), z], dim=1)


def measure_speed() -> dict:
    """Return the epochs that each loss needs to reach the goal, and the best score it gets to."""
    result = {}
    for name, problem in problems().items():
        watch = {"validation": ("validation", problem.score)}
        settings = {"epochs": problem.epochs, "batch": problem.batch, "lrs": problem.lrs}
        result[name] = {**settings, "losses": {}}
        test = problem.runs.data.test
        for words, loss in tqdm(problem.losses.items(), desc=f"A10, {name}"):
            params, watched = train_runs(
                problem.runs, problem.forward, loss, watch=watch, **settings
            )
            needed = first_at(watched["validation"], problem.goal)
            tried = {"lr": problem.lrs}
            fastest = best_setting(tried, needed)
            best = best_setting(tried, -watched["validation"][:, :, -1])
            best_params = {key: value[best] for key, value in params.items()}
            result[name]["losses"][words] = {
                "fastest_lr": problem.lrs[fastest],
                "epochs_needed": needed[fastest],
                "curve": watched["validation"][fastest].mean(dim=0),
                "best_lr": problem.lrs[best],
                "test_score": each_run(problem.score, problem.forward, best_params, test),
            }
    return result


def first_at(scores: Tensor, goal: float | Tensor) -> Tensor:
    """Return the first epoch at which a score reaches the goal; one more than all if none does.

    scores: `(rates, seeds, epochs + 1)`. Returns `(rates, seeds)` in float64.
    """
    reached = scores >= torch.as_tensor(goal).view(-1, 1)
    first = reached.double().argmax(dim=2).double()
    return torch.where(reached.any(dim=2), first, float(scores.shape[2]))


# A11: what probabilities mean

CALIBRATION = {"epochs": 150, "batch": 20, "pause": 5}
EDGE = "the absolute error still falls after the last epoch"
NOISE, FEW = 0.4, 200


def noisy(split: Split, source: torch.Generator) -> Split:
    return Split(noise(split.x, NOISE, source), split.y)


def measure_calibration() -> dict:
    """Train beyond the best point; say what the probabilities are worth after each pause."""
    two = {name: TWO[name] for name in PROBABILITIES}
    ten_runs = draw_all(digits(), [64, HIDDEN, 10], view=noisy, examples=FEW)
    two_runs = draw_all(breast_cancer(), [30, HIDDEN, 1], examples=FEW // 2)
    sides = {
        "digits": (ten_runs, network, PROBABILITIES),
        "breast_cancer": (two_runs, one_number, two),
    }
    result = {"epochs": CALIBRATION["epochs"], "pause": CALIBRATION["pause"], "data": {}}
    for data, (runs, forward, losses) in sides.items():
        result["data"][data] = {
            name: judge(runs, forward, loss)
            for name, loss in tqdm(losses.items(), desc=f"A11, {data}")
        }
    return result


def judge(runs: Runs, forward, loss: Loss) -> dict:
    """Return what the test probabilities are worth, at the best rate, after each pause.

    The rate, and the pause after which to stop, are those of the lowest validation loss.
    """
    watch = {"loss": ("validation", loss)}
    losses = train_runs(runs, forward, loss, watch=watch, **CALIBRATION).watched["loss"]
    mean = losses.mean(dim=1)  # (rates, pauses + 1)
    pauses = range(mean.shape[1])
    tried = {"lr": [lr for lr in LRS for _ in pauses], "pause": [*pauses] * len(LRS)}
    best = best_setting(tried, mean.flatten(), edge_allowed=EDGE)
    rate, stop = divmod(best, len(pauses))
    watch = {"outputs": ("test", lambda z, y: z)}
    again = train_runs(runs, forward, loss, watch=watch, lrs=[LRS[rate]], **CALIBRATION)
    outputs = again.watched["outputs"][0].transpose(0, 1)  # (pauses, seeds, n, ...)
    rows = [[worth(z, y) for z, y in zip(of, runs.data.test.y, strict=True)] for of in outputs]
    measured = {name: [[run[name] for run in of_pause] for of_pause in rows] for name in rows[0][0]}
    return {"lr": LRS[rate], "stop": stop, **measured}  # (pauses, seeds) each


def worth(z: Tensor, y: Tensor) -> dict[str, float]:
    """Return measures of the probabilities that outputs `(n, k)`, or `(n,)` for two, stand for."""
    z = (zero_and(z) if z.ndim == 1 else z).double()
    p = z.softmax(dim=1)
    confidence, answer = p.max(dim=1)
    right = answer == y
    return {
        "accuracy": right.double().mean().item(),
        "confidence": confidence.mean().item(),
        "overconfidence": overconfidence(confidence, right),
        "calibration_error": calibration_error(confidence, right),
        "log_loss": categorical_logits(z, y).item(),
        "brier": brier(p, y).item(),
    }


if __name__ == "__main__":
    torch.set_num_threads(1)  # the matrices are small: a second thread does not help
    data = {
        "seeds": SEEDS,
        "lrs": LRS,
        "A8": measure_outliers(),
        "A9": measure_wrong_labels(),
        "A10": measure_speed(),
        "A11": measure_calibration(),
    }
    write_experiment(__file__, data)
