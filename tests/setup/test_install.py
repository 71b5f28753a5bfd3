"""The set-up of `.venv`: done once, resumed, repeated when its inputs change, clear when it fails.

The project here is a small one that needs no network: its build backend writes an empty wheel, and
what it needs, the package `part-one`, is a wheel in a folder.
"""

import ast
import errno
import fcntl
import importlib.util
import json
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections import namedtuple
from pathlib import Path

import pytest

import install
import lock
import setup

PYPROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
[project]
name = "small"
dependencies = ["part-one>=1"]
"""
BACKEND = """
import zipfile

def build_editable(folder, config_settings=None, metadata_directory=None):
    with zipfile.ZipFile(f"{folder}/small-1.0-py3-none-any.whl", "w") as wheel:
        about = "Metadata-Version: 2.1\\nName: small\\nVersion: 1.0\\nProvides-Extra: test\\n"
        about += "Requires-Dist: part-one>=1\\n"
        wheel.writestr("small.py", "")
        wheel.writestr("small-1.0.dist-info/METADATA", about)
        wheel.writestr("small-1.0.dist-info/WHEEL",
            "Wheel-Version: 1.0\\nGenerator: x\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr("small-1.0.dist-info/RECORD", "")
    return "small-1.0-py3-none-any.whl"
"""
WHEEL = {
    "part_one.py": "",
    "part_one-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: part-one\nVersion: 1.0\n",
    "part_one-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\n"
    "Tag: py3-none-any\n",
    "part_one-1.0.dist-info/RECORD": "",
}
NO_NETWORK = {
    "PIP_CONFIG_FILE": "/dev/null",
    "PIP_INDEX_URL": "http://127.0.0.1:9/",  # a port on which nothing listens
    "PIP_RETRIES": "0",
}


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project without an environment."""
    stay_offline(tmp_path, monkeypatch)
    return write_project(tmp_path)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A project whose environment is made. To make one takes seconds."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("made")
        stay_offline(folder, patch)
        root = write_project(folder)
        install.ensure(root)
    return root


@pytest.fixture
def half(made, monkeypatch):
    """A project whose environment is made, but lacks `part-one` and the stamp."""
    stay_offline(made.parent, monkeypatch)
    write_part(made.parent, WHEEL)
    for file in install.site_packages(made).glob("[Pp]art*"):
        shutil.rmtree(file) if file.is_dir() else file.unlink()
    install.stamp_file(made).unlink(missing_ok=True)
    return made


def stay_offline(folder, monkeypatch):
    for name, value in NO_NETWORK.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setitem(install.MODULES, "part-one", "part_one")


def write_project(folder):
    write_part(folder, WHEEL)
    root = folder / "a project"
    root.mkdir()
    (root / "pyproject.toml").write_text(PYPROJECT)
    (root / "backend.py").write_text(BACKEND)
    (root / "constraints.txt").write_text("torch==2.13.0\n")
    return root


def write_part(folder, files):
    """Write the wheel of `part-one`."""
    with zipfile.ZipFile(folder / "part_one-1.0-py3-none-any.whl", "w") as wheel:
        for name, text in files.items():
            wheel.writestr(name, text)


@pytest.fixture
def steps(monkeypatch):
    """The commands that the set-up runs, as they are run."""
    return record_steps(monkeypatch, install.run)


@pytest.fixture
def idle_steps(monkeypatch):
    """The commands that the set-up would run. None is run, and nothing is looked at."""
    monkeypatch.setattr(install, "verify", lambda root, extras: [])
    return record_steps(monkeypatch, lambda root, command: None)


def record_steps(monkeypatch, run):
    seen = []

    def record(root, command):
        seen.append(" ".join(map(str, command)))
        run(root, command)

    monkeypatch.setattr(install, "run", record)
    return seen


def refused(project, **options):
    """Return the sentence with which the set-up refuses to go on."""
    with pytest.raises(SystemExit) as stop:
        install.ensure(project, **options)
    assert "\n" not in str(stop.value)
    return str(stop.value)


def interrupt(*_):
    raise KeyboardInterrupt


def all_is_installed(python):
    return subprocess.run([python, "-I", "-c", "import small, part_one"]).returncode == 0


def test_the_life_of_an_environment(project, steps, capsys, monkeypatch):
    def ensure_and_interrupt():
        with monkeypatch.context() as patch:
            patch.setattr(install, "install_packages", interrupt)
            with pytest.raises(KeyboardInterrupt):
                install.ensure(project)

    ensure_and_interrupt()  # the first set-up ends after its first step
    assert [" -m venv " in step for step in steps] == [True]

    steps.clear()  # it is resumed, not begun again
    python = install.ensure(project)
    assert [" -m pip install " in step for step in steps] == [True]
    assert all_is_installed(python)
    assert not (project / "build/downloads").exists()
    assert "Set up in" in capsys.readouterr().out

    steps.clear()  # a second call has nothing to do
    assert install.ensure(project) == python
    assert steps == []
    assert capsys.readouterr().out == ""

    install.ensure(project, {"test"})  # an extra is added, and then stays
    assert len(steps) == 1
    assert steps[0].endswith("a project[test]")
    install.ensure(project)
    install.ensure(project, {"test"})
    assert len(steps) == 1

    (project / "constraints.txt").write_text("torch==2.14.0\n")  # the inputs change
    ensure_and_interrupt()
    (project / "constraints.txt").write_text("torch==2.13.0\n")  # and change back: half is done
    record = install.site_packages(project) / "small-1.0.dist-info/RECORD"
    record.unlink()  # this package is half installed
    install.ensure(project, {"test"})
    assert len(steps) == 2
    assert steps[1].endswith("a project[test]")
    assert record.exists()


def test_variables_that_lead_astray_do_not(half, monkeypatch):
    """With them, pip would leave `part-one` out, put it elsewhere, or find it outside."""
    elsewhere = half.with_name("elsewhere")
    shutil.unpack_archive(half.with_name("part_one-1.0-py3-none-any.whl"), elsewhere, "zip")
    places = ("PIP_PREFIX", "PIP_TARGET", "PIP_ROOT", "PYTHONPATH")
    switches = ("PIP_NO_DEPS", "PIP_USER", "PIP_DRY_RUN", "pip_dry_run")
    for name in places:
        monkeypatch.setenv(name, str(elsewhere))
    for name in switches:
        monkeypatch.setenv(name, "1")
    before = sorted(elsewhere.iterdir())
    assert all_is_installed(install.ensure(half))
    assert sorted(elsewhere.iterdir()) == before
    assert install.environment().keys().isdisjoint({*places, *switches})
    assert install.environment()["PIP_FIND_LINKS"] == str(half.parent)  # people need that one


def test_a_set_up_that_lacks_something_is_no_set_up(half, monkeypatch):
    (half.parent / "pip.conf").write_text("[install]\nno-deps = true\n")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(half.parent / "pip.conf"))
    told = refused(half)
    assert told.startswith("The set-up is not complete: .venv lacks part-one. `pip config list`")
    assert not install.read_stamp(half)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    assert all_is_installed(install.ensure(half))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("raise OSError('libgomp.so.1:\\nnot there')", r"part_one .* \(OSError: libgomp.so.1: not"),
        ("import os; os._exit(139)", "the Python of .venv fails at importing part-one"),
    ],
)
def test_what_cannot_be_imported_is_no_set_up(half, text, told):
    write_part(half.parent, {**WHEEL, "part_one.py": text})
    sentence = refused(half)
    assert re.search(told, sentence)
    assert sentence.endswith("Delete .venv and run the same command again.")
    assert not install.read_stamp(half)


def test_a_stamp_that_lies_is_found_out(half, steps):
    python = install.ensure(half)
    stamp = install.read_stamp(half)
    assert stamp["packages"] == ["part-one", "small"]
    site = install.site_packages(half)
    steps.clear()
    shutil.rmtree(site / "part_one-1.0.dist-info")
    (site / "part_one.py").unlink()
    install.ensure(half)
    assert [" -m pip install " in step for step in steps] == [True]
    assert all_is_installed(python)

    del stamp["packages"]  # a stamp that was written unseen
    install.stamp_file(half).write_text(json.dumps(stamp))
    install.ensure(half)
    assert len(steps) == 2


def test_a_package_that_a_learner_has_changed_is_left_alone(half, steps):
    install.ensure(half)
    site = install.site_packages(half)
    (site / "part_one-1.0.dist-info").rename(site / "Part.One-1.1.dist-info")
    steps.clear()
    install.ensure(half)
    assert steps == []


def test_what_the_course_names_can_be_imported_under_the_name_that_is_tried():
    project = tomllib.loads((Path(setup.__file__).parents[1] / "pyproject.toml").read_text())
    for line in project["project"]["dependencies"]:
        name = line.split(">")[0]
        assert importlib.util.find_spec(install.MODULES.get(name, name)), name


def start(code, *words):
    """Start a Python that runs `code` and knows the modules of tools/."""
    tools = Path(install.__file__).parent
    code = f"import sys; sys.path.insert(0, {str(tools)!r})\n{code}"
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, words)], stdout=subprocess.PIPE, text=True
    )


def test_two_set_ups_at_once_run_one_after_the_other(project):
    code = (
        "import install, pathlib\ninstall.MODULES['part-one'] = 'part_one'\n"
        "install.ensure(pathlib.Path(sys.argv[1]))"
    )
    both = [start(code, project) for _ in range(2)]
    told = [process.communicate(timeout=120)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    first, second = sorted(told, key=lambda text: "Another" in text)
    assert "Set up in" in first
    assert second == "Another set-up is running; this one waits for it.\n"


def test_a_lock_ends_with_its_process_and_not_before(tmp_path):
    file = tmp_path / "build/setup.lock"
    code = (
        "import lock, pathlib, time\nwith lock.one_at_a_time(pathlib.Path(sys.argv[1])):\n"
        "    print('in', flush=True); time.sleep(60)"
    )
    holds = start(code, file)
    assert holds.stdout.readline() == "in\n"
    with file.open("a") as other:
        assert not lock.taken(other)
        holds.kill()
        holds.communicate()
        assert lock.taken(other)


def test_a_disk_without_locks_lets_everybody_in(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with lock.one_at_a_time(tmp_path / "setup.lock"):
        pass


def test_an_environment_that_does_not_run_is_made_again(project, idle_steps):
    (project / ".venv").mkdir()
    (project / ".venv/pyvenv.cfg").write_text("")
    install.ensure(project)
    assert " -m venv --clear " in idle_steps[0]


def test_an_environment_of_a_folder_that_was_moved_is_made_again(project, idle_steps, monkeypatch):
    monkeypatch.setattr(install, "answer", lambda *_: "3 11")
    (project / ".venv").mkdir()
    install.ensure(project)
    assert len(idle_steps) == 1
    idle_steps.clear()
    install.ensure(project.rename(project.with_name("moved")))
    assert " -m venv --clear " in idle_steps[0]


def test_without_network_there_is_one_sentence_and_a_log(project):
    text = PYPROJECT.replace("requires = []", 'requires = ["setuptools>=77"]')
    (project / "pyproject.toml").write_text(text)
    sentence = refused(project)
    assert sentence.startswith("The packages could not be fetched: check the network")
    assert "build/setup.log" in sentence
    assert "127.0.0.1" in (project / "build/setup.log").read_text()
    assert not (project / "build/downloads").exists()
    assert not (project / ".venv/descent.json").exists()


@pytest.mark.parametrize(
    ("log", "sentence"),
    [
        ("2026 ERROR: [Errno 28] No space left on device", "The disk is full"),
        ("WARNING: Read timed out.\nERROR: No matching distribution found for a==1", "network"),
        ("ERROR: No matching distribution found for torch==2.13.0", "no build of torch==2.13.0"),
        ("    The user requested (constraint) torch==2.13.0\nERROR: R", "no build of torch==2.13"),
        ("error: Request failed\n  cause: dns error", "could not be fetched"),
        ("2026 ERROR: one\n2026 ERROR: the last one.\n", "failed: the last one."),
        (
            "SSLError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] self-signed')",
            "name its file in PIP_CERT",
        ),
        ("", "no reason was given"),
    ],
)
def test_a_log_is_put_into_a_sentence(log, sentence, monkeypatch):
    monkeypatch.delenv("PIP_NO_INDEX", raising=False)
    monkeypatch.setattr(install.platform, "system", lambda: "Linux")
    assert sentence in install.explain(log)


def test_a_pip_that_may_ask_no_index_is_named(monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    log = "ERROR: Could not find a version that satisfies setuptools>=77 (from versions: none)"
    assert "PIP_NO_INDEX is set" in install.explain(log)
    assert "PIP_NO_INDEX" not in install.explain("ERROR: another reason")


def test_a_mac_without_a_build_is_told_which_have_one(monkeypatch):
    monkeypatch.setattr(install.platform, "system", lambda: "Darwin")
    monkeypatch.delenv("PIP_NO_INDEX", raising=False)
    log = "ERROR: No matching distribution found for torch==2.13.0"
    assert "Apple silicon and macOS 14" in install.explain(log)


@pytest.mark.parametrize(
    ("system", "torch", "free", "told"),
    [
        ("linux", None, 8.9e9, "about 9.0 GB in "),
        ("linux", None, 8.9e9, "8.9 GB are free: make room, or use TORCH=cpu, which needs 2.5 GB."),
        ("linux", "cpu", 2.4e9, "2.4 GB are free: make room."),
        ("darwin", None, 2.4e9, "2.4 GB are free: make room."),
    ],
)
def test_a_full_disk_is_told_before_anything_is_made(
    project, steps, monkeypatch, system, torch, free, told
):
    monkeypatch.setattr(sys, "platform", system)
    usage = namedtuple("usage", "free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(free))
    assert told in refused(project, torch=torch)
    assert steps == []
    assert not (project / ".venv").exists()


def test_room_for_torch_is_not_asked_for_when_torch_is_there(project, monkeypatch):
    record = install.venv(project) / "lib/python3.11/site-packages/torch-2.13.0+cpu.dist-info"
    record.mkdir(parents=True)
    (record / "RECORD").write_text("")
    monkeypatch.setattr(shutil, "disk_usage", None)
    assert install.installed_torch(project) == "2.13.0+cpu"
    install.check_disk(project, None)


@pytest.mark.parametrize("module", ["venv", "ensurepip"])
def test_a_python_without_venv_is_told_what_to_install(project, monkeypatch, module):
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == module else find(name)
    )
    assert "sudo apt install python3-venv" in refused(project)


def test_a_folder_that_is_no_environment_is_left_alone(project):
    (project / ".venv").mkdir()
    (project / ".venv/notes.txt").write_text("mine")
    assert "is not a Python environment" in refused(project)
    assert (project / ".venv/notes.txt").read_text() == "mine"


def test_an_environment_with_an_old_python_is_left_alone(project, monkeypatch):
    (project / ".venv").mkdir()
    monkeypatch.setattr(install, "answer", lambda *_: "3 9")
    assert "holds Python 3.9, which is too old" in refused(project)


def test_only_the_cpu_build_can_be_asked_for(project):
    assert refused(project, torch="rocm") == (
        "TORCH=rocm is unknown: use TORCH=cpu, or leave it out."
    )


def test_the_cpu_build_comes_from_uv_and_stays_chosen(project, idle_steps, monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(
        install, "make_venv", lambda root, moved: (root / ".venv").mkdir(exist_ok=True)
    )
    install.ensure(project, torch="cpu")
    assert [step.split(" -m ")[1].split()[0] for step in idle_steps] == ["pip", "uv", "pip"]
    assert "--torch-backend=cpu" in idle_steps[1]
    assert idle_steps[1].endswith(" torch==2.13.0")
    (project / "pyproject.toml").write_text(PYPROJECT + "\n")
    install.ensure(project)
    assert install.read_stamp(project)["torch"] == "cpu"


@pytest.mark.parametrize("stamp", ["", "{", "3", "[1]"])
def test_a_damaged_stamp_counts_as_none(tmp_path, stamp):
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv/descent.json").write_text(stamp)
    assert install.read_stamp(tmp_path) == {}


@pytest.mark.parametrize("version", [(3, 11, 0), (3, 12, 1), (4, 0, 0)])
def test_a_new_enough_python_goes_on(version):
    setup.refuse_old_python(version)


@pytest.mark.parametrize("version", [(3, 10, 13), (3, 6, 15), (2, 7, 18)])
def test_an_old_python_is_told_so(version):
    with pytest.raises(SystemExit, match=r"needs Python 3\.11 or newer and this is Python \d\.\d+"):
        setup.refuse_old_python(version)


def test_an_old_python_can_read_the_set_up():
    """Everything that needs a newer Python is imported after the check."""
    text = Path(setup.__file__).read_text()
    tree = ast.parse(text, feature_version=(3, 6))
    assert text.isascii()  # Python 2 takes nothing else, and no f-strings
    assert not any(isinstance(node, ast.JoinedStr) for node in ast.walk(tree))
    imports = [node.names[0].name for node in tree.body if isinstance(node, ast.Import)]
    assert imports == ["os", "sys"]
    assert not any(isinstance(node, ast.ImportFrom) for node in tree.body)
