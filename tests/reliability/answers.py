"""Hostile answers to exercise 00.weighted_sum: what each does, its code, and its status."""

from __future__ import annotations

import os
import sys
import time

import torch

from course_lib.checking import Outcome, evaluate, guard
from course_lib.exercises import EXERCISES

EXERCISE = EXERCISES["00.weighted_sum"]
PATIENCE = 20.0  # seconds for what ends by itself, however busy the machine is


def endless(inputs, weights):
    while True:
        pass


def endless_in_a_bare_except(inputs, weights):
    while True:
        try:
            while True:
                pass
        except:  # noqa: E722
            pass


def endless_printing(inputs, weights):
    while True:
        print("line " * 100)


def sleeping(inputs, weights):
    time.sleep(8)


def calling_itself(inputs, weights):
    return calling_itself(inputs, weights)


def leaving(inputs, weights):
    sys.exit(3)


def asking(inputs, weights):
    return float(input("how much? "))


def interrupting(inputs, weights):
    raise KeyboardInterrupt


class Unspeakable(Exception):
    def __str__(self):
        raise RuntimeError("even my text fails")


def raising_what_cannot_be_told(inputs, weights):
    raise Unspeakable


def forking(inputs, weights):
    os.fork()


def changing_its_input(inputs, weights):
    inputs.mul_(weights)
    return inputs.sum()


def freeing_its_input(inputs, weights):
    result = (inputs * weights).sum()
    inputs.untyped_storage().resize_(0)
    return result


def replacing_torch(inputs, weights):
    torch.add = lambda *_: 0
    return (inputs * weights).sum()


def guessing(inputs, weights):
    return torch.rand(())


def calling_the_library(inputs, weights):
    return EXERCISE.reference(inputs, weights)


def checking_itself(inputs, weights):
    return evaluate(EXERCISE, checking_itself)


class Anything:
    def __getattr__(self, name):
        return self

    def __call__(self, *args, **kwargs):
        return self


def being_anything(inputs, weights):
    return Anything()


def returning_nothing_there(inputs, weights):
    result = (inputs * weights).sum()
    result.untyped_storage().resize_(0)
    return result


def half_of_a_character(inputs, weights):
    raise ValueError("\ud800")


TRIED = [
    ("loops without end", endless, "timed_out"),
    ("loops without end, in a bare `except:`", endless_in_a_bare_except, "timed_out"),
    ("prints without end", endless_printing, "timed_out"),
    ("sleeps for eight seconds", sleeping, "timed_out"),
    ("calls itself without end", calling_itself, "raised"),
    ("calls `sys.exit`", leaving, "raised"),
    ("asks with `input`", asking, "raised"),
    ("raises `KeyboardInterrupt`", interrupting, "raised"),
    ("raises an error whose text raises", raising_what_cannot_be_told, "raised"),
    ("raises an error with half of a character", half_of_a_character, "raised"),
    ("starts a second process", forking, "raised"),
    ("checks itself", checking_itself, "raised"),
    ("changes its inputs in place", changing_its_input, "changed_input"),
    ("frees the memory of its inputs", freeing_its_input, "changed_input"),
    ("replaces a function of torch", replacing_torch, "changed_input"),
    ("returns an object that has every attribute", being_anything, "wrong_type"),
    ("returns a tensor whose memory is gone", returning_nothing_there, "wrong_type"),
    ("guesses", guessing, "wrong_value"),
    ("calls the library's own function", calling_the_library, "called_reference"),
]


def outcome(answer, status: str) -> Outcome:
    """Return what comes of an answer, on a machine that may be busy."""
    before = guard.SECONDS
    guard.SECONDS = before if status == "timed_out" else PATIENCE
    try:
        return evaluate(EXERCISE, answer)
    finally:
        guard.SECONDS = before
