"""The toy exercises of the engine's tests serve here too."""

from checking.conftest import toys  # noqa: F401
