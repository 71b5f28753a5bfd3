"""Lesson 05's claims about losses, measured over 24 seeds.

A8   What outliers in the training data do to fits by squared, absolute and Huber loss (diabetes).
A9   What wrong labels do to networks trained with cross-entropy and with two other losses (digits).
A10  Which loss suits which data, and how fast training gets there (all three data sets).
A11  Whether the probabilities of networks trained with each loss mean what they say (digits with
     noise, breast cancer).

A seed draws the division into training, validation and test part, the starting weights, what is
spoilt, and the order of the examples. What is compared shares all four. Each loss tries 21 or 22
learning rates, a factor of √2 apart, on twelve *tuning* seeds, and keeps the one that does best on
the validation part, in the mean. That rate alone is trained on the 24 other seeds, which are
reported. Where training data are spoilt, so are the validation data: nobody knows which are wrong.
Test data are as they were. All runs of a loss are trained together, as one batched program. For all
25,000 short runs it takes about twelve minutes of one processor core:

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

SEEDS = 24  # that are reported
TUNING = range(100, 112)  # the seeds on which rates are chosen
LRS = [2.0 ** (k / 2) for k in range(-14, 7)]

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
    seeds: Sequence[int] | None = None,
) -> Runs:
    """Return the runs of all seeds that are reported, or of others.

    spoil: changes the training and the validation part. view: changes all three. examples: how many
    to train on, None for all.
    """
    seeds = range(SEEDS) if seeds is None else seeds
    return draw_runs(partial(draw, whole, sizes, spoil, view, examples), seeds)


class Sides(NamedTuple):
    """Runs to choose a rate on, and other runs to report."""

    tuning: Runs
    reported: Runs


def draw_both(*what, **also) -> Sides:
    """Return the runs of the tuning seeds and of the reported ones, as `draw_all` draws them."""
    return Sides(draw_all(*what, **also, seeds=TUNING), draw_all(*what, **also))


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
    many, seeds = len(lrs), len(runs.orders)
    params, data, sources = runs.repeat(many)
    rates = torch.tensor(lrs).repeat_interleave(seeds)
    nothing = replace(data, validation=Split(data.train.x[:, :1], data.train.y[:, :1]))
    rows = [look(forward, params, data, watch)]
    for _ in range(0, epochs, pause):
        params, _ = sweep(
            forward, params, nothing, generators=sources, epochs=pause, batch_size=batch, loss=loss,
            lr=rates, label=None,
        )  # fmt: skip
        rows.append(look(forward, params, data, watch))

    def unfold(value: Tensor) -> Tensor:
        return value.view(many, seeds, *value.shape[1:])

    def stacked(values: list[Tensor]) -> Tensor:
        return unfold(torch.stack(values, dim=1))

    return Trained(
        {name: unfold(value) for name, value in params.items()},
        {name: stacked([row[name] for row in rows]) for name in watch},
    )


def choose_rate(runs: Runs, forward, loss: Loss, measure: Loss, *, lrs, **how) -> float:
    """Return the rate after which a measure on the validation part is lowest, in the mean."""
    watch = {"validation": ("validation", measure)}
    seen = train_runs(runs, forward, loss, watch=watch, lrs=lrs, **how).watched["validation"]
    return lrs[best_setting({"lr": lrs}, seen[:, :, -1])]


def minus(measure: Loss) -> Loss:
    """Return a measure of which less is better, from one of which more is."""
    return lambda z, y: -measure(z, y)


def look(forward, params: Params, data: Dataset, watch) -> dict[str, Tensor]:
    return {
        name: each_run(measure, forward, params, getattr(data, part))
        for name, (part, measure) in watch.items()
    }


# A8: outliers

SHARES = [0.0, 0.02, 0.05, 0.1, 0.2, 0.3]
DELTAS = [0.1, 0.3, 1.0, 3.0, 10.0, 30.0]
REGRESSION = {
    "epochs": 60,
    "batch": 33,
    "pause": 60,
    "lrs": [2.0 ** (k / 2) for k in range(-22, 0)],
}
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
        """Choose by the loss's own value, on targets spoilt like those to learn from."""
        sides = draw_both(whole, [whole.train.x.shape[1], 1], spoil)
        lr = choose_rate(sides.tuning, one_number, loss, loss, **REGRESSION)
        watch = {"test": ("test", absolute)}
        settings = {**REGRESSION, "lrs": [lr]}
        watched = train_runs(sides.reported, one_number, loss, watch=watch, **settings).watched
        return {"lr": lr, "test_error": spread * watched["test"][0, :, -1]}

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
    watch = {"test": ("test", accuracy), "answered": ("test", classes_answered),
             "train": ("train", accuracy)}  # fmt: skip
    for name, loss in tqdm(PROBABILITIES.items(), desc="A9"):
        rows = []
        for share in LABEL_NOISE:
            sides = draw_both(digits(), [64, HIDDEN, 10], wrong_labels(share))
            lr = choose_rate(sides.tuning, network, loss, minus(accuracy), lrs=LRS, **LABELS)
            unaware = rows[0]["lr"] if rows else lr
            settings = {**LABELS, "lrs": [lr, unaware]}
            found = train_runs(sides.reported, network, loss, watch=watch, **settings).watched
            rows.append(
                {
                    "lr": lr,
                    "test_accuracy": found["test"][0, :, -1],
                    "given_labels_learnt": found["train"][0, :, -1],
                    "unaware": found["test"][1, :, -1],
                    "unaware_given_labels_learnt": found["train"][1, :, -1],
                    "classes_answered": found["answered"][1, :, -1],
                }
            )
        result["losses"][name] = rows
    return result


# A10: suits, and speed


class Problem(NamedTuple):
    sides: Sides
    forward: Callable[[Params, Tensor], Tensor]
    losses: dict[str, Loss]
    score: Loss  # what counts, the higher the better
    goal: Callable[[Runs], float | Tensor]  # the score to be reached on the validation part
    epochs: int
    early: int  # an epoch at which the score is looked at too
    batch: int
    lrs: list[float]


def problems() -> dict[str, Problem]:
    """Return the problems. Those of one layer take the whole training part for each step."""
    rates = [2.0 ** (k / 2) for k in range(-10, 11)]
    two = {**TWO, "as two of many": lambda z, y: categorical_logits(zero_and(z), y)}
    numbers = draw_both(scaled()[0], [10, 1])
    cancer = draw_both(breast_cancer(), [30, 1])
    ten = draw_both(digits(), [64, HIDDEN, 10])
    return {
        "diabetes": Problem(
            numbers, one_number, NUMBERS, minus_rmse, near_least_squares, 120, 60, 264, rates
        ),
        "breast_cancer": Problem(
            cancer, one_number, two, right_sign, nineteen_of_twenty, 300, 60, 340, rates
        ),
        "digits": Problem(ten, network, TEN, accuracy, nineteen_of_twenty, 100, 40, 100, LRS),
    }


def nineteen_of_twenty(runs: Runs) -> float:
    return 0.95


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
    """Return the epochs that each loss needs to reach the goal, and the scores it gets to.

    The rate is chosen three times: for the mean of the epochs needed, in which a run that does not
    arrive counts as one more than all, and for the score early and at the end.
    """
    result = {}
    for name, problem in problems().items():
        settings = {"epochs": problem.epochs, "batch": problem.batch}
        result[name] = {**settings, "early": problem.early, "lrs": problem.lrs, "losses": {}}
        for words, loss in tqdm(problem.losses.items(), desc=f"A10, {name}"):
            result[name]["losses"][words] = race(problem, loss, **settings)
    return result


def race(problem: Problem, loss: Loss, **settings) -> dict:
    """Choose rates for one loss, and report what it does with each."""
    ends = {"early": problem.early, "late": problem.epochs}
    tried, forward = {"lr": problem.lrs}, problem.forward
    watch = {"validation": ("validation", problem.score)}
    tuning, reported = problem.sides
    seen = train_runs(tuning, forward, loss, watch=watch, lrs=problem.lrs, **settings).watched
    needed = first_at(seen["validation"], problem.goal(tuning))
    chosen = {"fastest": best_setting(tried, needed)}
    for end, epoch in ends.items():
        chosen[end] = best_setting(tried, -seen["validation"][:, :, epoch])
    lrs = [problem.lrs[place] for place in chosen.values()]
    watch["test"] = ("test", problem.score)
    found = train_runs(reported, forward, loss, watch=watch, lrs=lrs, **settings).watched
    return {
        **{f"{kind}_lr": lr for kind, lr in zip(chosen, lrs, strict=True)},
        "epochs_needed": first_at(found["validation"][:1], problem.goal(reported))[0],
        "test_score": {
            end: found["test"][place, :, epoch]
            for place, (end, epoch) in enumerate(ends.items(), 1)
        },
    }


NUMBER_SCORES = {"squared": mse, "absolute": absolute}


def measure_numbers() -> dict:
    """Return what fits of numbers are worth by several measures, without outliers.

    For each measure the rate is chosen by that measure. The error with its sign, which no rate can
    be chosen by, is that of the rate chosen by the loss itself.
    """
    whole, spread = scaled()
    sides, result = draw_both(whole, [10, 1]), {}
    signed = {"signed": ("test", lambda p, y: (p - y).mean())}
    for name, loss in NUMBERS.items():
        own = choose_rate(sides.tuning, one_number, loss, loss, **REGRESSION)
        rows = {"signed": (own, signed["signed"])}
        for words, measure in NUMBER_SCORES.items():
            lr = choose_rate(sides.tuning, one_number, loss, measure, **REGRESSION)
            rows[words] = (lr, ("test", measure))
        result[name] = {}
        for words, (lr, looked_at) in rows.items():
            settings = {**REGRESSION, "lrs": [lr], "watch": {words: looked_at}}
            watched = train_runs(sides.reported, one_number, loss, **settings).watched
            found = watched[words][0, :, -1]
            root = found.sqrt() if words == "squared" else found
            result[name][words] = {"lr": lr, "test": spread * root}
    return result


def first_at(scores: Tensor, goal: float | Tensor) -> Tensor:
    """Return the first epoch at which a score reaches the goal; one more than all if none does.

    scores: `(rates, seeds, epochs + 1)`. Returns `(rates, seeds)` in float64.
    """
    reached = scores >= torch.as_tensor(goal).view(-1, 1)
    first = reached.double().argmax(dim=2).double()
    return torch.where(reached.any(dim=2), first, float(scores.shape[2]))


# A11: what probabilities mean

CALIBRATION = {"epochs": 150, "batch": 20, "pause": 10}  # to choose rate and pause
LONG = 600  # epochs that are reported: by then the images are known by heart
NOISE, FEW = 0.4, 200


def noisy(split: Split, source: torch.Generator) -> Split:
    return Split(noise(split.x, NOISE, source), split.y)


def measure_calibration() -> dict:
    """Train beyond the best point; say what the probabilities are worth after each pause."""
    two = {name: TWO[name] for name in PROBABILITIES}
    ten_runs = draw_both(digits(), [64, HIDDEN, 10], view=noisy, examples=FEW)
    two_runs = draw_both(breast_cancer(), [30, HIDDEN, 1], examples=FEW // 2)
    problems = {
        "digits": (ten_runs, network, PROBABILITIES),
        "breast_cancer": (two_runs, one_number, two),
    }
    result = {"epochs": LONG, "pause": CALIBRATION["pause"], "data": {}}
    for data, (sides, forward, losses) in problems.items():
        result["data"][data] = {
            name: judge(sides, forward, loss)
            for name, loss in tqdm(losses.items(), desc=f"A11, {data}")
        }
    return result


def judge(sides: Sides, forward, loss: Loss) -> dict:
    """Return what the test probabilities are worth, at the best rate, after each pause.

    The rate is that with which the mean validation loss of the tuning seeds gets lowest, at
    whichever pause of the first 150 epochs. `stop` is that pause: the last of them if the loss was
    still falling.
    """
    watch = {"loss": ("validation", loss)}
    losses = train_runs(sides.tuning, forward, loss, watch=watch, lrs=LRS, **CALIBRATION)
    mean = losses.watched["loss"].mean(dim=1)  # (rates, pauses + 1)
    best = best_setting({"lr": LRS}, mean.nan_to_num(nan=torch.inf).amin(dim=1))
    watch = {
        "outputs": ("test", lambda z, y: z),
        "learnt": ("train", right_sign if forward is one_number else accuracy),
    }
    settings = {**CALIBRATION, "epochs": LONG, "lrs": [LRS[best]]}
    again = train_runs(sides.reported, forward, loss, watch=watch, **settings).watched
    outputs = again["outputs"][0].transpose(0, 1)  # (pauses, seeds, n, ...)
    answers = sides.reported.data.test.y
    rows = [[worth(z, y) for z, y in zip(of, answers, strict=True)] for of in outputs]
    measured = {name: [[run[name] for run in of_pause] for of_pause in rows] for name in rows[0][0]}
    learnt = again["learnt"][0].T
    return {"lr": LRS[best], "stop": int(mean[best].argmin()), "learnt": learnt, **measured}


def worth(z: Tensor, y: Tensor) -> dict[str, float]:
    """Return measures of the probabilities that outputs `(n, k)`, or `(n,)` for two, stand for."""
    z = (zero_and(z) if z.ndim == 1 else z).double()
    confidence, answer = z.softmax(dim=1).max(dim=1)
    right = answer == y
    return {
        "accuracy": right.double().mean().item(),
        "overconfidence": overconfidence(confidence, right),
        "calibration_error": calibration_error(confidence, right),
    }


if __name__ == "__main__":
    torch.set_num_threads(1)  # the matrices are small: a second thread does not help
    data = {
        "seeds": SEEDS,
        "tuning_seeds": len(TUNING),
        "lrs": LRS,
        "A8": measure_outliers(),
        "A9": measure_wrong_labels(),
        "A10": measure_speed(),
        "A10 numbers": measure_numbers(),
        "A11": measure_calibration(),
    }
    write_experiment(__file__, data)
