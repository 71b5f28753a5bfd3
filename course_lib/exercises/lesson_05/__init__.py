"""Exercises of lesson 05: what errors cost, and how losses pull; for numbers and for classes."""

from __future__ import annotations

from .bce_logits import BCE_LOGITS
from .categorical import CATEGORICAL
from .choose import CHOOSE
from .huber import HUBER
from .mse import MSE
from .softmax_ce_gradient import SOFTMAX_CE_GRADIENT

EXERCISES = (MSE, HUBER, BCE_LOGITS, CATEGORICAL, SOFTMAX_CE_GRADIENT, CHOOSE)
