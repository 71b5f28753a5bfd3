"""What a package exports is there to be called, not a module of the same name."""

import importlib
from types import ModuleType

import pytest

PACKAGES = ("checking", "exercises", "figures", "lab", "nn", "optim")


@pytest.mark.parametrize("package", PACKAGES)
def test_what_a_package_exports_is_there(package):
    module = importlib.import_module(f"course_lib.{package}")
    exported = {name: getattr(module, name) for name in module.__all__}
    assert len(exported) == len(module.__all__)
    modules = [name for name, value in exported.items() if isinstance(value, ModuleType)]
    assert modules in ([], ["networks"]), "networks.start reads better than start"


def test_a_rule_and_its_optimizer_are_imported_from_one_place():
    from course_lib.optim import RuleOptimizer, adam

    assert RuleOptimizer.__module__ == "course_lib.optim.optimizer"
    assert adam.__module__ == "course_lib.optim.rules"
