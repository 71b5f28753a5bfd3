"""Every example in a docstring gives what it says."""

import doctest
import importlib
import pkgutil

import pytest
import torch

import course_lib

WITH_EXAMPLES = ("nn", "optim", "analysis", "second_order", "lab", "figures")
MODULES = [
    module.name
    for module in pkgutil.walk_packages(course_lib.__path__, "course_lib.")
    if module.name.split(".")[1] in WITH_EXAMPLES
]


@pytest.mark.parametrize("name", MODULES)
def test_docstrings_tell_the_truth(name):
    module = importlib.import_module(name)
    result = doctest.testmod(module, extraglobs={"torch": torch})
    assert not result.failed
