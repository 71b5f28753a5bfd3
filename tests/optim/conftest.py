"""Keras, as tests/nn has it."""

from tests.nn.conftest import keras

__all__ = ["keras"]
