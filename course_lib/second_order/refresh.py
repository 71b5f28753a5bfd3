"""Curvature that is taken every k steps only: when, and how often it was."""


def due(t: int, every: int) -> bool:
    """Return whether step t takes the curvature anew: steps 1, 1 + every, 1 + 2 every, ….

    The first step always does. An optimizer that waits until step `every` divides by nothing until
    then. t: 1 or more.

    >>> [t for t in range(1, 8) if due(t, every=3)]
    [1, 4, 7]
    """
    return (t - 1) % every == 0


def refreshes(t: int, every: int) -> int:
    """Return how often the curvature was taken up to step t, that step included: 1 or more.

    An average of curvatures that starts at 0 is corrected by this number of values (`corrected` of
    `optim.correction`), not by the number of steps: after three steps it may hold one value.

    >>> [refreshes(t, every=3) for t in range(1, 8)]
    [1, 1, 1, 2, 2, 2, 3]
    """
    return (t - 1) // every + 1
