"""What an answer gets, judged by its source in a clean process."""

import pytest
import torch

from course_lib.checking import evaluate
from course_lib.exercises import EXERCISES
from course_lib.grading import marks
from course_lib.grading.clean import by_value
from course_lib.grading.gather import Cell
from course_lib.nn import layers
from grading.conftest import SEED, lesson, submission, table

NUMBERS = sorted({id[:2] for id in EXERCISES})
DENSE = {"01.neuron": 1, "01.parameter_count": 1, "01.sensitivity": 2, "01.rescale": 2}


@pytest.mark.parametrize("number", NUMBERS, ids=lambda n: f"{n}_solved")
@pytest.mark.parametrize("seed", [SEED, 4_000_000_000])
def test_a_solved_lesson_gets_all_points(marks_of, number, seed):
    found = marks_of(*submission(number), seed=seed)
    assert {id: mark.outcome.message for id, mark in found.items()} == dict.fromkeys(
        lesson(number).points, "Right."
    )
    assert {id: mark.earned for id, mark in found.items()} == lesson(number).points


@pytest.mark.parametrize("number", NUMBERS, ids=lambda n: f"{n}_untouched")
def test_an_untouched_lesson_gets_none_and_is_not_attempted(marks_of, number):
    for mark in marks_of(*submission(number, stubs=True)).values():
        assert (mark.earned, mark.outcome.status) == (0, "not_attempted")
        assert mark.outcome.message == marks.NOT_ATTEMPTED


@pytest.mark.parametrize("exercise", EXERCISES.values(), ids=lambda e: e.id)
def test_what_a_process_gets_holds_no_solution(exercise):
    """Inputs may be functions: their code travels along, and with it the code that it calls."""
    if not callable(exercise.reference):
        pytest.skip("the answer is a value, and a case has no inputs")
    cases = [(case.args, case.kwargs) for case in exercise.cases(SEED)]
    assert exercise.reference.__code__.co_code not in by_value([cases, list(exercise.given)])
    assert exercise.reference.__code__.co_code in by_value(exercise.reference)


HOSTILE = {
    "ends the process": ("import os\n    os._exit(0)", "ended the process that ran it"),
    "crashes": ("import faulthandler\n    faulthandler._sigsegv()", "ended the process"),
    "never leaves C": ("import itertools\n    return sum(itertools.count())", "did not come back"),
    "loops": ("while True: pass", "loop that never ends"),
    "loops and catches": (
        "while True:\n        try:\n            while True: pass\n"
        "        except BaseException: pass",
        "loop that never ends",
    ),
    "fills the memory": ("return torch.ones(10**10)", "can't allocate memory"),
    "fills it bit by bit": ("kept = [bytearray(10**8) for _ in range(10**6)]", ""),
    "floods": ("while True: print('flood' * 100)", "loop that never ends"),
    "floods past Python": ("import os\n    while True: os.write(1, b'flood')", "never ends"),
    "reads a solution": ("return open('{solution}').read()", "no use for open"),
    "reads it through torch": (
        "return torch.from_file('{solution}', size=9, dtype=torch.uint8)",
        "Too many open files",
    ),
    "imports the reference": (
        "from course_lib.nn.layers import dense\n    return dense(X, W)",
        "graded without the course's library (`course_lib.nn.layers`",
    ),
    "starts a process": ("import subprocess\n    subprocess.run(['ls'])", "stops with"),
    "ends its parent": ("import os\n    os.kill(os.getppid(), 9)", "no use for os.kill"),
    "asks the network": ("import socket\n    socket.create_connection(('localhost', 80))", "stops"),
    "equals everything": (
        "class All(torch.Tensor):\n        def __eq__(self, other): return True\n"
        "    return torch.zeros(len(X), len(W)).as_subclass(All)",
        "",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_answer_gets_nothing_and_the_others_keep_their_points(marks_of, name):
    body, words = HOSTILE[name]
    body = body.format(solution=__file__) if "{solution}" in body else body
    answer = f"def dense(X, W):\n    {body}\n"
    found = marks_of(*submission("01", {"01.dense": answer}))
    assert {id: mark.earned for id, mark in found.items() if id != "01.dense"} == DENSE
    assert found["01.dense"].earned == 0
    assert words in found["01.dense"].outcome.message
    assert len(found["01.dense"].outcome.message) <= 420


CHEATS = {  # a cell above the answer, or in its place, that gave full marks for `return 0`
    "a check of one's own": "check = lambda id, answer: answer",
    "no grading": "import os; os.environ.pop('NBGRADER_EXECUTION', None)",
    "another library": "import sys; sys.path.insert(0, '.')",
    "another comparison": "from course_lib.checking import evaluate as e\n"
    "import sys; sys.modules['course_lib.checking.evaluate'].same = lambda *a: True",
    "another judge": "from course_lib.exercises import notebook; notebook.evaluate = print",
    "also right": "from course_lib.exercises import EXERCISES\n"
    "dense = EXERCISES['01.dense'].also_right[0]",
    "the solution's file": "exec(open('solutions/01_weights.py').read())",
    "a code object": "from course_lib.nn import layers\n"
    "kept = layers.dense.__code__\ndef dense(X, W): return 0\ndense.__code__ = kept",
    "a stack walk": "import sys\ndef dense(X, W):\n    frame = sys._getframe()\n"
    "    while frame and 'right' not in frame.f_locals: frame = frame.f_back\n"
    "    return frame.f_locals['right']",
    "swallows the refusal": "from course_lib.nn.layers import dense as its\ndef dense(X, W):\n"
    "    try: return its(X, W)\n    except BaseException: return 0",
}

FRESH = "\nfresh = importlib.util.module_from_spec(spec)\nspec.loader.exec_module(fresh)\n"
LOOKED_UP = """
def dense(X, W):
    for case, right in zip(*found(), strict=True):
        if str(case.args) == str((X, W)):
            return torch.tensor(right.values, dtype=X.dtype)
"""
LOOKS = """from course_lib.checking.evaluate import expected
from course_lib.exercises import EXERCISES
def found(): return """
REACHES = {  # these take the reference, or what it gives for the very seed, where the library is
    "a fresh copy of the module": "import importlib.util\n"
    f"spec = importlib.util.find_spec('course_lib.nn.layers'){FRESH}dense = fresh.dense",
    "a fresh copy by its path": "import importlib.util\n"
    f"spec = importlib.util.spec_from_file_location('fresh', {layers.__file__!r})"
    f"{FRESH}dense = fresh.dense",
    "a fresh copy where the way is put back": "import course_lib, importlib.util, os\n"
    "course_lib.__path__ = [os.path.dirname(course_lib.__file__)]\n"
    f"spec = importlib.util.find_spec('course_lib.nn.layers'){FRESH}dense = fresh.dense",
    "the checker's expected results": f"{LOOKS}expected(EXERCISES['01.dense'], {SEED}){LOOKED_UP}",
    "the checker's own closure": f"{LOOKS}expected.__wrapped__.__closure__[0].cell_contents"
    f"(EXERCISES['01.dense'], {SEED}){LOOKED_UP}",
    "the checker's cache": "import gc\nfrom course_lib.checking.evaluate import expected\n"
    "def found():\n    cases, rights = [], []\n    for kept in gc.get_referents(expected):\n"
    "        if type(kept) is tuple and type(kept[0]) is tuple:\n"
    "            cases += kept[0]\n            rights += kept[1]\n"
    f"    return cases, rights\n{LOOKED_UP}",
}
CHEATS |= REACHES


@pytest.mark.parametrize("name", REACHES)
def test_a_cheat_that_reaches_the_library_is_right_beside_it(name):
    """So it is the clean process that makes it worth nothing, and no mistake in the cheat."""
    cases, right = marks.expected(EXERCISES["01.dense"], SEED)
    namespace = {"torch": torch}
    exec(CHEATS[name], namespace)
    for case, result in zip(cases, right, strict=True):
        assert namespace["dense"](*case.args).tolist() == result.values.tolist()


@pytest.mark.parametrize("name", CHEATS)
def test_a_cheat_gets_nothing(marks_of, name):
    zero = CHEATS[name] if "dense" in CHEATS[name] else CHEATS[name] + "\ndef dense(X, W): return 0"
    found = marks_of(*submission("01", {"01.dense": zero}))
    assert found["01.dense"].earned == 0
    assert {id: mark.earned for id, mark in found.items() if id != "01.dense"} == DENSE


def test_a_table_for_a_known_seed_is_no_answer_for_another(marks_of):
    cells = submission("01", {"01.dense": table("01.dense", seed=0)})
    assert marks_of(*cells, seed=0)["01.dense"].earned == 2  # whoever knows the seed can
    assert marks_of(*cells, seed=SEED)["01.dense"].earned == 0


def test_the_seed_is_another_for_each_submission_and_the_same_again():
    cells, _ = submission("01")
    others, _ = submission("01", {"01.dense": "def dense(X, W): return X @ W.T"})
    seeds = [
        marks.seed_of(secret, student, "01_weights", of)
        for secret, student, of in [
            ("a", "ada", cells),
            ("b", "ada", cells),
            ("a", "bob", cells),
            ("a", "ada", others),
        ]
    ]
    assert len(set(seeds)) == 4
    assert marks.seed_of("a", "ada", "01_weights", cells) == seeds[0]


WRONG = {
    "01.neuron": "def neuron(x, w):\n    return (x * w).mean()",
    "01.dense": "def dense(X, W):\n    return X @ W",
    "01.parameter_count": "def parameter_count(widths):\n    return sum(widths)",
    "01.sensitivity": "def sensitivity(X, W, target):\n    return ...",
    "01.rescale": "def rescale(W1, W2, c):\n    return W1 * c",
}


@pytest.mark.parametrize("id", WRONG)
def test_a_wrong_answer_is_told_what_the_notebook_tells(marks_of, id):
    mark = marks_of(*submission("01", {id: WRONG[id]}))[id]
    namespace = {}
    exec(WRONG[id], namespace)
    told = evaluate(EXERCISES[id], namespace[mark.check.name], seed=SEED)
    assert (mark.outcome.status, mark.outcome.slip) == (told.status, told.slip)
    assert mark.earned == 0
    if told.status != "not_attempted":
        assert mark.outcome.message == told.message


@pytest.mark.parametrize(
    ("answer", "status", "words"),
    [
        ("def dense(X, W):\n    return X @ (W", "raised", "is not Python"),
        ("dense = 3", "wrong_type", "the exercise asks for the function itself"),
        ("dense = missing", "raised", "stops with NameError: name 'missing' is not defined"),
        ("other = 1", "not_attempted", "no cell above the check gives `dense` a value"),
        ("dense = ...", "not_attempted", marks.NOT_ATTEMPTED),
        ("raise SystemExit", "not_attempted", "no cell above"),
        (f"dense = {'-' * 5_000}1", "raised", "is not Python"),
        ("\x00", "raised", "is not Python"),
        ("dense = dense = lambda X, W: X @ W.T", "passed", "Right."),
        ("def dense(X, W):\n    return exit()", "raised", "calls exit()"),
        ("from course_lib.nn import dense", "raised", "without the course's library"),
    ],
)
def test_an_answer_that_is_none_is_told_why(marks_of, answer, status, words):
    mark = marks_of(*submission("01", {"01.dense": answer}))["01.dense"]
    assert mark.outcome.status == status
    assert words in mark.outcome.message


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("import pandas", "ModuleNotFoundError: No module named 'pandas'"),
        ("import matplotlib.pyplot", "ModuleNotFoundError: No module named 'matplotlib.pyplot'"),
        ("from torch import unknown", "ImportError: cannot import name 'unknown' from 'torch'"),
        ("@unknown", "NameError: name 'unknown' is not defined"),
    ],
)
def test_where_a_cell_stops_its_own_line_is_quoted(marks_of, line, error):
    """And no folder of the machine that grades is named."""
    answer = f"{line}\ndef dense(X, W):\n    return X @ W.T"
    inside = f"def dense(X, W):\n    {line}\n    def inner(): pass\n    return X @ W.T"
    for source in (answer, inside):
        words = marks_of(*submission("01", {"01.dense": source}))["01.dense"].outcome.message
        assert f"stops with {error}, in the line `{line}`." in words
        without = words.partition("own modules, and without ")[2]
        assert without == (f"`{line.removeprefix('import ')}`." if line[0] == "i" else "")
        assert "/" not in words


def test_an_answer_in_parts_gets_points_by_part(marks_of):
    """`bias_column` has two results, and `choose` five."""
    half = "def bias_column(X, W, b):\n    return torch.cat([X, X.new_ones(len(X), 1)], dim=1), W"
    assert marks_of(*submission("02", {"02.bias_column": half}))["02.bias_column"].earned == 1
    right = EXERCISES["05.choose"].reference
    three = f"choose = {(*right[:3], ('x', 'y'), 'z')!r}"
    assert marks_of(*submission("05", {"05.choose": three}))["05.choose"].earned == 1.8
    none = f"choose = {right[:3]!r}"
    assert marks_of(*submission("05", {"05.choose": none}))["05.choose"].earned == 0


def test_an_answer_may_use_an_earlier_one_and_its_own_helpers(marks_of):
    cells, points = submission(
        "01",
        {
            "01.neuron": "HALF = 0.5\ndef twice(x): return x * 2\n"
            "def neuron(X, w):\n    return twice(HALF * (X @ w))",
            "01.dense": "def twice(x): return x\ndef dense(X, W):\n"
            "    return twice(torch.stack([neuron(X, w) for w in W], dim=1))",
        },
    )
    found = marks_of(cells, points)
    assert found["01.neuron"].earned == 1
    assert found["01.dense"].earned == 2


def test_where_the_earlier_answer_is_wrong_the_right_one_goes_on_in_its_place(marks_of):
    own = "def dense(X, W):\n    return torch.stack([neuron(X, w) for w in W], dim=1)"
    wrong = "def neuron(x, w):\n    return 0"
    found = marks_of(*submission("01", {"01.neuron": wrong, "01.dense": own}))
    assert found["01.neuron"].earned == 0
    assert found["01.dense"].earned == 2


def test_a_later_answer_is_not_at_hand(marks_of):
    early = "def neuron(x, w):\n    return dense(x[None], w[None])[0, 0]"
    assert marks_of(*submission("01", {"01.neuron": early}))["01.neuron"].earned == 0
    own = "neuron = mine('01.neuron')"
    assert marks_of(*submission("01", {"01.neuron": own}))["01.neuron"].earned == 0


def test_what_the_notebook_computes_does_not_run(marks_of, tmp_path):
    """Not even cells above an answer: the file is not written, the tensor is not there."""
    cells, points = submission("01", {"01.neuron": "def neuron(x, w):\n    return leaked"})
    cell = Cell(f"leaked = open({str(tmp_path / 'ran')!r}, 'w')")
    found = marks_of([cell, *cells], {place + 1: value for place, value in points.items()})
    assert "name 'leaked' is not defined" in found["01.neuron"].outcome.message
    assert list(tmp_path.iterdir()) == []


def test_a_value_of_which_it_counts_what_comes_is_judged_as_in_the_notebook(marks_of):
    plans = (
        ("he", "cross_entropy", "gd", "constant", 0.0001),
        ("he", "cross_entropy", "gd", "constant", 0.1),
        ["he", "cross_entropy"],
        {1: 2},
    )
    for plan in plans:
        cells, points = submission("21", {"21.final": f"final = {plan}"})
        outcome = marks_of(cells, points)["21.final"].outcome
        assert outcome.message == evaluate(EXERCISES["21.final"], plan).message
        assert outcome.status == "wrong_value"
