"""pyproject.toml, constraints.txt and environment.yml say the same."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.markers import Marker, default_environment
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
CONDA = yaml.safe_load((ROOT / "environment.yml").read_text())
CONDA_NAMES = {"matplotlib": "matplotlib-base", "torch": "pytorch-cpu"}
LEARNER = [Requirement(line) for line in PROJECT["dependencies"]]
EXTRAS = [
    Requirement(line) for lines in PROJECT["optional-dependencies"].values() for line in lines
]
PINS = [
    Requirement(line)
    for line in (ROOT / "constraints.txt").read_text().splitlines()
    if line and not line.startswith("#")
]
SYSTEMS = [
    {"sys_platform": system, "os_name": name, "python_full_version": f"{python}.0"}
    | {"python_version": python}
    for system, name in [("linux", "posix"), ("darwin", "posix"), ("win32", "nt")]
    for python in ["3.11", "3.12", "3.13", "3.14"]
]


def pinned(name, environment):
    """Return the versions to which `name` is pinned in an environment."""
    return [
        str(pin.specifier).removeprefix("==")
        for pin in PINS
        if canonicalize_name(pin.name) == canonicalize_name(name)
        and (pin.marker is None or pin.marker.evaluate(default_environment() | environment))
    ]


@pytest.mark.parametrize("environment", SYSTEMS, ids=lambda e: " ".join(list(e.values())[::3]))
def test_every_requirement_has_one_pin_inside_its_range(environment):
    for requirement in [*LEARNER, *EXTRAS, Requirement("uv")]:
        if requirement.name == PROJECT["name"]:
            continue
        versions = pinned(requirement.name, environment)
        assert len(versions) == 1, requirement.name
        assert versions[0] in requirement.specifier, requirement


def test_pins_are_exact_sorted_and_public():
    assert all(re.fullmatch(r"==[\w.]+", str(pin.specifier)) for pin in PINS)  # no local suffix
    names = [pin.name for pin in PINS]
    assert names == sorted(names)
    assert not any(pin.url for pin in PINS)


def test_the_tested_environment_is_the_pinned_one():
    """What runs these tests has the pinned versions."""
    from importlib.metadata import distributions

    installed = {}
    for found in distributions():  # the first counts: setuptools brings others' packages, last
        installed.setdefault(canonicalize_name(found.name), found.version.split("+")[0])
    for name in installed.keys() & {canonicalize_name(pin.name) for pin in PINS}:
        assert pinned(name, {}) == [installed[name]], name


def test_conda_installs_what_pip_does_in_the_same_ranges():
    ranges = {
        Requirement(line).name: Requirement(line).specifier
        for line in CONDA["dependencies"]
        if isinstance(line, str) and line != "pip" and not line.startswith("python=")
    }
    wanted = {
        CONDA_NAMES.get(requirement.name, requirement.name): requirement.specifier
        for requirement in LEARNER
    }
    assert ranges == wanted


def test_conda_installs_the_project_itself():
    assert CONDA["name"] == "descent"
    assert CONDA["channels"] == ["conda-forge", "nodefaults"]
    assert CONDA["dependencies"][-1] == {"pip": ["-e ."]}
    assert "pip" in CONDA["dependencies"]


def test_binder_can_read_the_version_of_python():
    """Binder wants "=3.11", with two numbers, and takes an old Python where it finds a range."""
    (line,) = [d for d in CONDA["dependencies"] if str(d).startswith("python")]
    version = re.fullmatch(r"python=(\d+\.\d+)", line)[1]
    assert f"{version}.0" in SpecifierSet(PROJECT["requires-python"])


def test_no_file_of_the_set_up_names_an_index():
    files = ["constraints.txt", "environment.yml", "pyproject.toml", "Makefile", ".ci/run"]
    known = (*PROJECT["urls"].values(), "https://mybinder.org/")
    for file in [ROOT / name for name in files] + sorted((ROOT / "tools").glob("*.py")):
        text = file.read_text()
        for address in known:
            text = text.replace(address, "")
        assert "://" not in text, file


def test_markers_are_read():
    """`pinned` would say nothing if markers were ignored."""
    assert pinned("pywinpty", SYSTEMS[-1])
    assert not pinned("pywinpty", SYSTEMS[0])
    assert Marker("sys_platform == 'win32'").evaluate(default_environment() | SYSTEMS[-1])


def test_binder_accepts_the_set_up():
    """What Binder runs, without its last step: it reads environment.yml and takes its Python."""
    command = [sys.executable, "-m", "repo2docker", "--no-build", "--debug", str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    printed = done.stdout + done.stderr
    assert "Building conda environment for python=3.11" in printed
    assert 'env update -p ${NB_PYTHON_PREFIX} --file "environment.yml"' in printed
