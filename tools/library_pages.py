"""Pages of the library for the site: one for each package, with what the package exports."""

from __future__ import annotations

import ast
import importlib
import inspect
from pathlib import Path

PACKAGES = ("nn", "optim", "analysis", "second_order", "lab", "figures", "checking", "exercises")


def packages(root: Path) -> list[str]:
    """Return the packages of the library that export something."""
    return [name for name in PACKAGES if exports(root, name)]


def exports(root: Path, name: str) -> dict[str, list[str]]:
    """Return what a package exports, by the module that it comes from, in reading order."""
    tree = ast.parse((root / "course_lib" / name / "__init__.py").read_text("utf-8"))
    found: dict[str, list[str]] = {}
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and (module := node.module.rpartition(".")[2]) != name:
            found.setdefault(module, []).extend(alias.name for alias in node.names)
    return found


def page(root: Path, name: str) -> str:
    """Return the page of a package: a section for each module, with what the package exports."""
    title = f"course_lib.{name}"
    lines = [title, "=" * len(title), "", f".. automodule:: {title}", "   :no-members:", ""]
    for module, names in exports(root, name).items():
        lines += [module, "-" * len(module), "", f".. automodule:: {title}.{module}"]
        lines += ["   :no-members:", "   :no-index:", ""]
        lines += [line for each in names for line in (f".. {directive(title, each)}", "")]
    return "\n".join(lines)


def directive(package: str, name: str) -> str:
    """Return the directive with which Sphinx documents what a package exports."""
    thing = getattr(importlib.import_module(package), name)
    if inspect.isclass(thing):
        return f"autoclass:: {package}.{name}\n   :members:"
    kind = "autofunction" if inspect.isroutine(thing) else "autodata"
    return f"{kind}:: {package}.{name}" + "\n   :no-value:" * (kind == "autodata")
