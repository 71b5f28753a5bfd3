"""A group's settings, under the names of the rule and under those that torch's schedulers use."""

from typing import Any

TORCHS = {"betas": ("beta1", "beta2"), "momentum": ("beta",)}


class Settings(dict):
    """The settings of a group, in which `OneCycleLR` and `CyclicLR` find what they cycle.

    Beside lr they change `betas` or `momentum`. `betas` is β₁ and β₂, and `momentum` is β, seen
    through another name: each value is kept once, under the name that the rule has for it.

    Where a β stands beside an ε, as in RMSProp, it averages squares and is no momentum. There, and
    in a rule without a β, a momentum that a scheduler sets is ignored: only lr is cycled. torch
    gives its SGD and RMSprop a momentum then, and refuses AdaGrad.

    >>> group = Settings(lr=0.1, beta1=0.9, beta2=0.999)
    >>> group["betas"] = (0.5, 0.99)
    >>> group
    {'lr': 0.1, 'beta1': 0.5, 'beta2': 0.99}
    """

    def __contains__(self, name: object) -> bool:
        """Return whether a scheduler may set `name`: `momentum` always, `betas` where β₁ is."""
        seen = name == "momentum" or (name == "betas" and "beta1" in self)
        return seen or super().__contains__(name)

    def __getitem__(self, name: str) -> Any:
        if name == "betas" and not super().__contains__(name):
            return tuple(self[own] for own in TORCHS[name] if own in self)
        if name == "momentum" and not super().__contains__(name):
            return self["beta"] if self._has_momentum() else 0.0
        return super().__getitem__(name)

    def __setitem__(self, name: str, value: Any) -> None:
        if name == "betas" and name in self and not super().__contains__(name):
            for own, one in zip(TORCHS[name], value, strict=False):
                self[own] = one
        elif name == "momentum" and not super().__contains__(name):
            if self._has_momentum():
                self["beta"] = value
        else:
            super().__setitem__(name, value)

    own = dict.__getitem__  # without a look at torch's names, which takes time at every step

    def _has_momentum(self) -> bool:
        return "beta" in self and "eps" not in self
