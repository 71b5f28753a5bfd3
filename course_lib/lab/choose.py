"""Choosing a setting, so that nobody takes the end of a grid for the best there is."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor


def best_setting(
    settings: Mapping[str, Sequence[float]], losses: Tensor, *, edge_allowed: str = ""
) -> int:
    """Return the place of the setting with the lowest loss; of equals, the first.

    settings: values under each name, one for each setting, as `grid` takes them. losses:
    `(settings,)`, or `(settings, seeds)`, of which the mean counts. A loss that is NaN or infinite
    is worse than all others.
    Raises ValueError if the best, or one as good, has the lowest or the highest value that was
    tried under a name: a better one may lie beyond. Extend the grid until the best lies inside, or
    until what lies beyond diverges. So it does if no loss is finite: then all are as good.
    edge_allowed: a reason in words why an edge may be taken nevertheless.

    >>> best_setting({"lr": [0.01, 0.1, 1.0]}, torch.tensor([2.0, 1.0, torch.nan]))
    1
    """
    settings = {name: [float(value) for value in values] for name, values in settings.items()}
    means = losses.double().view(len(losses), -1).mean(dim=1)
    means = means.nan_to_num(nan=torch.inf, posinf=torch.inf)
    best = int(means.argmin())
    if not edge_allowed:
        if not means[best].isfinite():
            raise ValueError(f"no loss is finite: every {_range(settings)} has runs that diverged")
        for place in (means == means[best]).nonzero().flatten().tolist():
            _expect_inside(settings, place)
    return best


def _expect_inside(settings: Mapping[str, Sequence[float]], place: int) -> None:
    for name, values in settings.items():
        low, high, own = min(values), max(values), values[place]
        if low < high and own in (low, high):
            end = "lowest" if own == low else "highest"
            raise ValueError(
                f"the best {name} is {own:g}, the {end} of {_range({name: values})}; "
                "extend the grid beyond it, or say in edge_allowed why not"
            )


def _range(settings: Mapping[str, Sequence[float]]) -> str:
    """Return the names with how many values they have, and from where to where."""
    return ", ".join(
        f"{name} ({len(set(values))} values from {min(values):g} to {max(values):g})"
        for name, values in settings.items()
    )
