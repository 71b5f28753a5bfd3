"""Exercise 08.batches: the places of all examples, shuffled, and cut into mini-batches."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from ...checking import Case, Exercise, Slip
from ...lab.device import generator
from ...optim import batches as mathematics

Source = torch.Generator
Parts = list[Tensor]


def _batches_cases(seed: int) -> list[Case]:
    def case(words: str, n: int, size: int, *, before: int = 3, special: bool = False) -> Case:
        """`before` says how many numbers were drawn from the generator before."""
        source = generator(10_000 + 100 * seed + n)
        torch.rand(before, generator=source)
        return Case(f"{words}, n = {n} and size = {size}", (n, size, source), special=special)

    return [
        case("a short last batch", 10, 4),
        case("a short last batch", 23, 5),
        case("batches that come out even", 12, 4),
        case("a short last batch", 50, 8),
        case("a fresh generator", 7, 3, before=0, special=True),
        case("batches of one", 5, 1, special=True),
        case("one batch of all", 6, 6, special=True),
        case("a size above n", 4, 9, special=True),
        case("a single example", 1, 1, special=True),
        case("many examples", 900, 64, special=True),
    ]


def _order(n: int, source: Source) -> Tensor:
    return torch.randperm(n, generator=source)


def _cut(order: Tensor, size: int) -> Parts:
    return [order[first : first + size] for first in range(0, len(order), size)]


def _seeded(seed: int):
    def answer(n: int, size: int, source: Source) -> Parts:
        return _cut(_order(n, generator(seed)), size)

    return answer


def _from_its_seed(n: int, size: int, source: Source) -> Parts:
    return _cut(_order(n, source.manual_seed(source.initial_seed())), size)


def _each_batch_drawn_anew(n: int, size: int, source: Source) -> Parts:
    return [_order(n, source)[:size] for _ in range(-(-n // size))]


def _order_of_batches(n: int, size: int, source: Source) -> Parts:
    parts = _cut(torch.arange(n), size)
    return [parts[place] for place in _order(len(parts), source).tolist()]


def _order_inside(n: int, size: int, source: Source) -> Parts:
    return [part[_order(len(part), source)] for part in _cut(torch.arange(n), size)]


def _short_first(n: int, size: int, source: Source) -> Parts:
    order = _order(n, source)
    head = n % size
    return ([order[:head]] if head else []) + _cut(order[head:], size)


def _filled_up(n: int, size: int, source: Source) -> Parts:
    order = _order(n, source)
    return _cut(torch.cat([order, order[: -n % size]]), size)


def _drawn_by_drawing(n: int, size: int, source: Source) -> Parts:
    return [torch.randint(n, (size,), generator=source) for _ in range(-(-n // size))]


def _by_loop(n: int, size: int, source: Source) -> Parts:
    parts, part = [], []
    for place in torch.randperm(n, generator=source):
        part.append(place)
        if len(part) == size:
            parts.append(torch.stack(part))
            part = []
    return [*parts, torch.stack(part)] if part else parts


def batches(n: int, size: int, source: Source) -> Iterator[Tensor]:
    """A generator: its name is what the engine compares."""
    yield from _cut(_order(n, source), size)


BATCHES = Exercise(
    id="08.batches",
    points=2,
    asks="the places of all examples in a random order, cut into batches",
    reference=mathematics.batches,
    cases=_batches_cases,
    hints=(
        "Two things: an order of all the places 0 to n - 1, and a cut after every `size` of them. "
        "Which of the two is random?",
        "`torch.randperm(n, generator=...)` gives the order. Draw it once. A slice "
        "`order[first : first + size]` gives a batch; where does each begin?",
        "A slice that reaches beyond the end is simply shorter, so the last batch needs no care. "
        "`range` can count in steps of `size`, and tensors have a method `split`.",
    ),
    slips=(
        Slip(
            "last batch dropped",
            lambda n, size, source: [p for p in _cut(_order(n, source), size) if len(p) == size],
            "The last batch is missing where it is short. Its examples would not be seen in this "
            "epoch: keep it, with what is left.",
        ),
        Slip(
            "not shuffled",
            lambda n, size, source: _cut(torch.arange(n), size),
            "The examples come in the order in which they are stored. If that order means "
            "anything, neighbours are alike: shuffle them first, with the generator.",
        ),
        Slip(
            "drawn with replacement",
            lambda n, size, source: _cut(torch.randint(n, (n,), generator=source), size),
            "Some places come twice and some never: they are drawn with replacement. In an epoch "
            "each example has its turn once.",
        ),
        Slip(
            "each batch drawn with replacement",
            _drawn_by_drawing,
            "Each batch is drawn by itself, and with replacement: places come twice, and others "
            "never. One order of all places, cut into pieces, gives each its turn.",
        ),
        Slip(
            "a new order for each batch",
            _each_batch_drawn_anew,
            "The batches overlap: each is the beginning of a new order. Draw one order for the "
            "epoch, and cut it.",
        ),
        Slip(
            "windows one apart",
            lambda n, size, source: [
                order[first : first + size] for order in [_order(n, source)] for first in range(n)
            ],
            "The batches overlap: each begins one place after the one before. How far on does the "
            "next batch begin?",
        ),
        Slip(
            "batches shuffled, not examples",
            _order_of_batches,
            "Only the order of the batches is random; in each stand neighbours, as they were "
            "stored. Shuffle before you cut.",
        ),
        Slip(
            "shuffled inside the batches",
            _order_inside,
            "Each batch holds the same examples in every epoch, only in another order. Shuffle "
            "before you cut.",
        ),
        Slip(
            "seed 0",
            _seeded(0),
            "Whatever generator you are given, the order is that of seed 0, so every epoch repeats "
            "it. Draw from the generator that is handed in.",
        ),
        Slip(
            "seed 1",
            _seeded(1),
            "Whatever generator you are given, the order is that of seed 1, so every epoch repeats "
            "it. Draw from the generator that is handed in.",
        ),
        Slip(
            "seed 42",
            _seeded(42),
            "Whatever generator you are given, the order is that of seed 42, so every epoch "
            "repeats it. Draw from the generator that is handed in.",
        ),
        Slip(
            "back to its seed",
            _from_its_seed,
            "The generator is set back to its seed before you draw, so every epoch repeats the "
            "first one's order. Draw from it as it comes.",
        ),
        Slip(
            "so many batches",
            lambda n, size, source: list(_order(n, source).chunk(size)),
            "There are about `size` batches. Each batch should hold `size` examples: size and "
            "number have changed places (`chunk` counts pieces).",
        ),
        Slip(
            "filled up from the start",
            _filled_up,
            "The last batch is filled up with examples that were used before. It may be short.",
        ),
        Slip(
            "short batch first",
            _short_first,
            "What is left over stands in the first batch. It comes last.",
        ),
        Slip(
            "places from 1",
            lambda n, size, source: _cut(_order(n, source) + 1, size),
            "The places run from 1 to n. Indices start at 0: `x[n]` does not exist.",
        ),
        Slip(
            "first batch only",
            lambda n, size, source: _order(n, source)[:size],
            "This is one batch, the first. An epoch needs all of them, in a list or tuple.",
        ),
        Slip(
            "first batch in a list",
            lambda n, size, source: [_order(n, source)[:size]],
            "There is only one batch in the result. Does a `return` stand inside your loop?",
        ),
        Slip(
            "the order, uncut",
            lambda n, size, source: _order(n, source),
            "This is the whole order in one tensor. It still has to be cut into batches.",
        ),
        Slip(
            "slices that end at size",
            lambda n, size, source: [
                order[first:size] for order in [_order(n, source)] for first in range(0, n, size)
            ],
            "All batches but the first are empty: your slice always ends at `size`. Where does the "
            "batch that begins at `first` end?",
        ),
        Slip(
            "in rows of one tensor",
            lambda n, size, source: _order(n, source)[: n // size * size].view(-1, size),
            "The batches are rows of one tensor, which has no room for a short last one. Give back "
            "a list or tuple of tensors.",
        ),
        Slip(
            "a place too many in each batch",
            lambda n, size, source: [
                order[first : first + size + 1]
                for order in [_order(n, source)]
                for first in range(0, n, size)
            ],
            "Each batch holds one example too many, the first of the next batch. A slice ends just "
            "before its second number.",
        ),
        Slip(
            "last batch only",
            lambda n, size, source: _cut(_order(n, source), size)[-1:],
            "Only the last batch is there: each one overwrites the one before. Put every batch "
            "into a list.",
        ),
        Slip(
            "the order, uncut, in a list",
            lambda n, size, source: [_order(n, source)],
            "There is one batch with all examples. The order still has to be cut.",
        ),
        Slip(
            "pieces of nearly one length",
            lambda n, size, source: list(_order(n, source).tensor_split(-(-n // size))),
            "What is missing in the last batch is spread over several. All batches but the last "
            "should hold `size` places.",
        ),
        Slip(
            "a new order for each slice",
            lambda n, size, source: [
                _order(n, source)[first : first + size] for first in range(0, n, size)
            ],
            "Each batch is cut from a new order, so some examples come twice and others never. "
            "Draw one order, before the loop.",
        ),
        Slip(
            "generator called",
            lambda n, size, source: _cut(torch.randperm(n, generator=source(0)), size),
            "In your function `generator` is what is handed in, and it is a generator already: "
            "hand it on as it is, without brackets.",
        ),
        Slip(
            "lists of numbers",
            lambda n, size, source: [part.tolist() for part in _cut(_order(n, source), size)],
            "The batches are lists of numbers. Leave them as tensors, which can index other "
            "tensors.",
        ),
        Slip(
            "yields",
            batches,
            "Your function yields its batches one by one. Here all are asked for at once, in a "
            "list or tuple: they are small, since they hold places and no data.",
        ),
        Slip(
            "one short of the end",
            lambda n, size, source: _cut(torch.randperm(max(n - 1, 0), generator=source), size),
            "One example never comes: the last place, n - 1, is not in your order. How many "
            "numbers does `torch.randperm(n)` give?",
        ),
        Slip(
            "gap between batches",
            lambda n, size, source: [
                order[first : first + size - 1]
                for order in [_order(n, source)]
                for first in range(0, n, size)
            ],
            "Each batch is one example short. A slice does not hold the place it ends at.",
        ),
        Slip(
            "empty batches at the end",
            lambda n, size, source: [
                order[i * size : (i + 1) * size] for order in [_order(n, source)] for i in range(n)
            ],
            "There are as many batches as examples, and those at the end are empty. How many does "
            "your loop have to make?",
        ),
        Slip(
            "one batch too many",
            lambda n, size, source: [
                order[i * size : (i + 1) * size]
                for order in [_order(n, source)]
                for i in range(n // size + 1)
            ],
            "Where the examples come out even there is an empty batch at the end. A short batch is "
            "left over only if something is left over.",
        ),
        Slip(
            "stacked",
            lambda n, size, source: torch.stack(_order(n, source).split(size)),
            "The batches are put into one tensor, which needs all of them to be equally long. The "
            "last may be short: leave them in a list or tuple.",
        ),
        Slip(
            "seen as rows",
            lambda n, size, source: _order(n, source).view(-1, size),
            "The order is viewed as rows of one tensor, which works only where the examples come "
            "out even. Cut it into a list or tuple of tensors.",
        ),
        Slip(
            "generator without its name",
            lambda n, size, source: _cut(torch.randperm(n, source), size),
            "`torch.randperm` takes the generator by name only: write `generator=` before it.",
        ),
        Slip(
            "stops a batch early",
            lambda n, size, source: [
                order[first : first + size]
                for order in [_order(n, source)]
                for first in range(0, n - size, size)
            ],
            "Your loop stops before the last batch. A batch may begin anywhere below n; a slice "
            "that reaches beyond the end is just shorter.",
        ),
        Slip(
            "begins at 1",
            lambda n, size, source: [
                order[first : first + size]
                for order in [_order(n, source)]
                for first in range(1, n, size)
            ],
            "The first place of the order is left out. Counting begins at 0.",
        ),
        Slip(
            "a place skipped between batches",
            lambda n, size, source: [
                order[first : first + size]
                for order in [_order(n, source)]
                for first in range(0, n, size + 1)
            ],
            "Between two batches one place is skipped. A slice does not hold the place it ends at, "
            "so the next one begins there.",
        ),
        Slip(
            "two pieces",
            lambda n, size, source: [
                part for order in [_order(n, source)] for part in (order[:size], order[size:])
            ],
            "There are two pieces: a batch, and all the rest. Cut the rest as well.",
        ),
        Slip(
            "places inside the batch",
            lambda n, size, source: [_order(size, source) for _ in range(0, n, size)],
            "Every batch holds the places 0 to size - 1 only. The order must run over all n "
            "examples, and is drawn once.",
        ),
        Slip(
            "sorted in each batch",
            lambda n, size, source: [part.sort().values for part in _cut(_order(n, source), size)],
            "Each batch holds the right places, sorted. That does no harm, but leave them as they "
            "were drawn.",
        ),
        Slip(
            "number for size",
            lambda n, size, source: list(_order(n, source).split(max(n // size, 1))),
            "Each batch holds as many places as there should be batches. `split` takes the size of "
            "a piece, not their number.",
        ),
    ),
    also_right=(
        lambda n, size, source: _cut(torch.randperm(n, generator=source), size),
        lambda n, size, source: list(torch.split(torch.randperm(n, generator=source), size)),
        _by_loop,
    ),
)
