"""One sentence for an argument of the wrong shape."""

from torch import Tensor


def expect(name: str, value: Tensor, allowed: str, fits: bool) -> None:
    """Raise ValueError unless `fits`: with the argument's name, its shape and what is `allowed`."""
    if not fits:
        raise ValueError(f"{name} has shape {tuple(value.shape)}; it must be {allowed}")
