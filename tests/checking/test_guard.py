"""Somebody else's code cannot stop, flood or spoil the kernel."""

import signal
import sys
import threading
import time

import pytest
import torch

from course_lib.checking import guard, output
from course_lib.checking.guard import CalledReference, run_guarded

pytestmark = pytest.mark.alone  # against the clock


def nested(depth):
    """Source of an endless loop inside `depth` loops that catch everything."""
    lines = ["def work():"]
    for level in range(depth):
        pad = "    " * (2 * level + 1)
        lines += [f"{pad}while True:", f"{pad}    try:"]
    lines.append("    " * (2 * depth + 1) + "while True: pass")
    for level in reversed(range(depth)):
        pad = "    " * (2 * level + 2)
        lines += [f"{pad}except:", f"{pad}    pass"]
    namespace = {}
    exec("\n".join(lines), namespace)
    return namespace["work"]


@pytest.mark.parametrize("depth", [0, 1, 5])
def test_loops_that_catch_everything_end_or_sleep(depth):
    ran = run_guarded(nested(depth), seconds=0.1)
    assert ran.timed_out
    assert not ran.left_behind


@pytest.mark.parametrize("answers", [False, True])
def test_an_endless_loop_of_tensors_ends(answers):
    def work():
        x = torch.zeros(10)
        try:
            while True:
                x = x + 1
        except:  # noqa: E722
            if answers:
                return x

    ran = run_guarded(work, seconds=0.1)
    assert ran.timed_out
    assert not ran.left_behind


def test_what_sleeps_for_good_uses_no_time():
    def work():
        x = torch.ones(10)
        while True:
            try:
                while True:
                    x = x + 1
                    time.sleep(0)
            except:  # noqa: E722
                continue

    assert not run_guarded(work, seconds=0.1).left_behind
    used = time.process_time()
    time.sleep(0.2)
    assert time.process_time() - used < 0.1


def test_a_call_that_cannot_be_reached_is_left_behind_and_says_no_more(capsys, monkeypatch):
    monkeypatch.setattr(guard, "GRACE", 0.1)
    go = threading.Lock()
    go.acquire()

    def work():
        try:
            go.acquire()
        except:  # noqa: E722
            print("caught")
        finally:
            print("too late")

    ran = run_guarded(work, seconds=0.1)
    assert ran.timed_out
    assert ran.left_behind
    print("the kernel goes on")
    go.release()
    time.sleep(0.2)
    assert run_guarded(lambda: 3).value == 3
    assert capsys.readouterr().out == "the kernel goes on\n"


def close_and_replace():
    print("kept")
    sys.stdout.close()
    sys.stderr.writelines(["and ", "this"])
    sys.stdout = sys.stderr = None


def test_the_streams_are_put_back_whatever_is_done_to_them(capsys):
    before = sys.stdout, sys.stderr
    assert run_guarded(close_and_replace).printed == "kept\nand this"
    assert (sys.stdout, sys.stderr) == before
    print("open")
    assert capsys.readouterr().out == "open\n"


def test_what_no_browser_can_take_is_replaced():
    assert run_guarded(lambda: print("half \ud800")).printed == "half ?\n"


def test_other_threads_print_as_ever(capsys):
    go, stop = threading.Event(), threading.Event()

    def other():
        go.wait(5)
        print("from another thread")
        stop.set()

    thread = threading.Thread(target=other)
    thread.start()

    def work():
        print("from the answer")
        go.set()
        stop.wait(5)

    ran = run_guarded(work)
    thread.join()
    assert ran.printed == "from the answer\n"
    assert capsys.readouterr().out == "from another thread\n"


class Shell:
    left = False
    display_pub = None

    def ask_exit(self):
        self.left = True


def test_exit_of_ipython_is_neutralised(monkeypatch):
    shell = Shell()
    monkeypatch.setattr(guard, "get_ipython", lambda: shell)
    ran = run_guarded(lambda: shell.ask_exit())
    assert isinstance(ran.error, SystemExit)
    assert not shell.left
    shell.ask_exit()
    assert shell.left


def test_what_is_displayed_is_kept_as_text(monkeypatch):
    shell = Shell()
    monkeypatch.setattr(output, "get_ipython", lambda: shell)
    ran = run_guarded(lambda: shell.display_pub.publish({"text/plain": "shown"}, metadata={}))
    assert ran.printed == "shown\n"
    assert shell.display_pub is None


def test_the_stop_button_ends_the_work():
    def work():
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
        while True:
            ended.append(time.monotonic())

    ended, streams = [], (sys.stdout, sys.stderr)
    # as in a kernel; a process that was started in the background may ignore the signal
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            run_guarded(work, forbidden=forbidden)
    finally:
        signal.signal(signal.SIGINT, before)
    length = len(ended)
    time.sleep(0.05)
    assert len(ended) == length
    assert forbidden() == 3
    assert (sys.stdout, sys.stderr) == streams


def forbidden(x=1, *, y=2):
    """Stands for a reference."""
    return x + y


def test_a_forbidden_function_is_out_of_reach_only_meanwhile():
    ran = run_guarded(lambda: forbidden(3, y=4), forbidden=forbidden)
    assert isinstance(ran.error, CalledReference)
    assert forbidden(3, y=4) == 7
