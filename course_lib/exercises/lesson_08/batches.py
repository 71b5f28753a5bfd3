"""Exercise 08.batches: the places of all examples, shuffled, and cut into mini-batches."""

from __future__ import annotations

import torch
from torch import Tensor

from ...checking import Case, Exercise, slips
from ...lab.device import generator
from ...optim.batches import batches


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


def _by_slices(n: int, size: int, source: torch.Generator) -> list[Tensor]:
    order = torch.randperm(n, generator=source)
    return [order[first : first + size] for first in range(0, n, size)]


def _by_loop(n: int, size: int, source: torch.Generator) -> list[Tensor]:
    parts, part = [], []
    for place in torch.randperm(n, generator=source):
        part.append(place)
        if len(part) == size:
            parts.append(torch.stack(part))
            part = []
    return [*parts, torch.stack(part)] if part else parts


SLIPS = """
last batch dropped:
    | return torch → return [part for part in torch
    | .split(size) → .split(size) if len(part) == size]
    The last batch is missing where it is short. Its examples would not be seen in this epoch:
    keep it, with what is left.
not shuffled: torch.randperm(n, generator=generator) → torch.arange(n)
    The examples come in the order in which they are stored. If that order means anything,
    neighbours are alike: shuffle them first, with the generator.
drawn with replacement: randperm(n, → randint(n, (n,),
    Some places come twice and some never: they are drawn with replacement. In an epoch each
    example has its turn once.
each batch drawn with replacement:
    | [torch.randint(n, (size,), generator=generator) for _ in range(0, n, size)]
    Each batch is drawn by itself, and with replacement: places come twice, and others never.
    One order of all places, cut into pieces, gives each its turn.
a new order for each batch:
    | [torch.randperm(n, generator=generator)[:size] for _ in range(0, n, size)]
    The batches overlap: each is the beginning of a new order. Draw one order for the epoch, and
    cut it.
windows one apart:
    | order = torch.randperm(n, generator=generator)
    | return [order[i : i + size] for i in range(n)]
    The batches overlap: each begins one place after the one before. How far on does the next
    batch begin?
batches shuffled, not examples:
    | parts = torch.arange(n).split(size)
    | return [parts[i] for i in torch.randperm(len(parts), generator=generator)]
    Only the order of the batches is random; in each stand neighbours, as they were stored.
    Shuffle before you cut.
shuffled inside the batches:
    | parts = torch.arange(n).split(size)
    | return [part[torch.randperm(len(part), generator=generator)] for part in parts]
    Each batch holds the same examples in every epoch, only in another order. Shuffle before you
    cut.
seed 0: =generator → =torch.Generator().manual_seed(0)
    Whatever generator you are given, the order is that of seed 0, so every epoch repeats it.
    Draw from the generator that is handed in.
seed 1: =generator → =torch.Generator().manual_seed(1)
    Whatever generator you are given, the order is that of seed 1, so every epoch repeats it.
    Draw from the generator that is handed in.
seed 42: =generator → =torch.Generator().manual_seed(42)
    Whatever generator you are given, the order is that of seed 42, so every epoch repeats it.
    Draw from the generator that is handed in.
back to its seed: =generator → =generator.manual_seed(generator.initial_seed())
    The generator is set back to its seed before you draw, so every epoch repeats the first
    one's order. Draw from it as it comes.
so many batches: .split → .chunk
    There are about `size` batches. Each batch should hold `size` examples: size and number have
    changed places (`chunk` counts pieces).
filled up from the start:
    | order = torch.randperm(n, generator=generator)
    | return torch.cat([order, order[: -n % size]]).split(size)
    The last batch is filled up with examples that were used before. It may be short.
short batch first:
    | order, rest = torch.randperm(n, generator=generator), n % size
    | return [part for part in (order[:rest], *order[rest:].split(size)) if len(part)]
    What is left over stands in the first batch. It comes last.
places from 1: .split → .add(1).split
    The places run from 1 to n. Indices start at 0: `x[n]` does not exist.
first batch only: .split(size) → [:size]
    This is one batch, the first. An epoch needs all of them, in a list or tuple.
first batch in a list: .split(size) → .split(size)[:1]
    There is only one batch in the result. If you use a loop: does a `return` stand inside it?
the order, uncut: .split(size) →
    This is the whole order in one tensor. It still has to be cut into batches.
slices that end at size:
    | order = torch.randperm(n, generator=generator)
    | return [order[i:size] for i in range(0, n, size)]
    All batches but the first are empty: your slice always ends at `size`. Where does the batch
    that begins at `first` end?
in rows of one tensor: .split(size) → [: n // size * size].view(-1, size)
    The batches are rows of one tensor, which has no room for a short last one. Give back a list
    or tuple of tensors.
a place too many in each batch:
    | order = torch.randperm(n, generator=generator)
    | return [order[i : i + size + 1] for i in range(0, n, size)]
    Each batch holds one example too many, the first of the next batch. A slice ends just before
    its second number.
last batch only: .split(size) → .split(size)[-1:]
    Only the last batch is there. If you use a loop: does each batch overwrite the one before?
    Put every batch into a list.
the order, uncut, in a list: .split(size) → .split(n)
    There is one batch with all examples. The order still has to be cut.
pieces of nearly one length: .split(size) → .tensor_split(-(-n // size))
    What is missing in the last batch is spread over several. All batches but the last should
    hold `size` places.
a new order for each slice:
    | [torch.randperm(n, generator=generator)[i : i + size] for i in range(0, n, size)]
    Each batch is cut from a new order, so some examples come twice and others never. Draw one
    order, before the loop.
generator called: =generator → =generator(0)
    In your function `generator` is what is handed in, and it is a generator already: hand it on
    as it is, without brackets.
lists of numbers:
    | return torch → return [part.tolist() for part in torch ; .split(size) → .split(size)]
    The batches are lists of numbers. Leave them as tensors, which can index other tensors.
yields: return → yield from
    Your function yields its batches one by one. Here all are asked for at once, in a list or
    tuple: they are small, since they hold places and no data.
one short of the end: randperm(n → randperm(n - 1
    One example never comes: the last place, n - 1, is not in your order. How many numbers does
    `torch.randperm(n)` give?
gap between batches:
    | order = torch.randperm(n, generator=generator)
    | return [order[i : i + size - 1] for i in range(0, n, size)]
    Each batch is one example short. A slice does not hold the place it ends at.
empty batches at the end:
    | order = torch.randperm(n, generator=generator)
    | return [order[i * size : (i + 1) * size] for i in range(n)]
    There are as many batches as examples, and those at the end are empty. If you use a loop:
    how many batches does it have to make?
one batch too many:
    | order = torch.randperm(n, generator=generator)
    | return [order[i * size : (i + 1) * size] for i in range(n // size + 1)]
    Where the examples come out even there is an empty batch at the end. A short batch is left
    over only if something is left over.
stacked: return torch → return torch.stack(torch ; .split(size) → .split(size))
    The batches are put into one tensor, which needs all of them to be equally long. The last
    may be short: leave them in a list or tuple.
seen as rows: .split(size) → .view(-1, size)
    The order is viewed as rows of one tensor, which works only where the examples come out
    even. Cut it into a list or tuple of tensors.
generator without its name: generator=generator → generator
    `torch.randperm` takes the generator by name only: write `generator=` before it.
stops a batch early:
    | order = torch.randperm(n, generator=generator)
    | return [order[i : i + size] for i in range(0, n - size, size)]
    The last batch is missing, be it full or short. If you use a loop: does it stop too early? A
    batch may begin anywhere below n; a slice that reaches beyond the end is just shorter.
begins at 1:
    | order = torch.randperm(n, generator=generator)
    | return [order[i : i + size] for i in range(1, n, size)]
    The first place of the order is left out. Counting begins at 0.
a place skipped between batches:
    | order = torch.randperm(n, generator=generator)
    | return [order[i : i + size] for i in range(0, n, size + 1)]
    Between two batches one place is skipped. A slice does not hold the place it ends at, so the
    next one begins there.
two pieces: .split(size) → .tensor_split((size,))
    There are two pieces: a batch, and all the rest. Cut the rest as well.
places inside the batch: [torch.randperm(size, generator=generator) for _ in range(0, n, size)]
    Every batch holds the places 0 to size - 1 only. The order must run over all n examples, and
    is drawn once.
sorted in each batch:
    | return torch → return [part.sort().values for part in torch ; .split(size) → .split(size)]
    Each batch holds the right places, sorted. That does no harm, but leave them as they were
    drawn.
number for size: .split(size) → .split(max(n // size, 1))
    Each batch holds as many places as there should be batches. `split` takes the size of a
    piece, not their number.
places of sorted numbers: randperm(n, → rand(n, ; .split → .argsort().split
    These are valid batches, but not in the order of one `torch.randperm(n,
    generator=generator)`: yours comes from sorting random numbers.
two orders drawn:
    | torch.randperm(n, generator=generator)
    | return torch.randperm(n, generator=generator).split(size)
    These are valid batches, but of the second order that the generator gives. Draw a single
    one: is there another draw before it?
order reversed: .split → .flip(0).split
    These are valid batches, but the order is that of `torch.randperm` backwards. Take it as it
    is drawn.
shuffled twice:
    | order = torch.randperm(n, generator=generator)
    | return order[torch.randperm(n, generator=generator)].split(size)
    These are valid batches, but they are shuffled twice. One `torch.randperm` is enough.
"""

BATCHES = Exercise(
    id="08.batches",
    points=2,
    asks="the places of all examples in a random order, cut into batches",
    reference=batches,
    cases=_batches_cases,
    hints=(
        "Two things: an order of all the places 0 to n - 1, and a cut after every `size` of them. "
        "Which of the two is random?",
        "`torch.randperm(n, generator=...)` gives the order. Draw it once. A slice "
        "`order[first : first + size]` gives a batch; where does each begin?",
        "A slice that reaches beyond the end is simply shorter, so the last batch needs no care. "
        "`range` can count in steps of `size`, and tensors have a method `split`.",
    ),
    slips=slips(SLIPS, batches),
    also_right=(
        _by_slices,
        lambda n, size, source: list(torch.split(torch.randperm(n, generator=source), size)),
        _by_loop,
    ),
)
