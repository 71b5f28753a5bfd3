"""Set up the course and run it: `python3 tools/setup.py lab`. `make` calls this file too.

It needs nothing but Python. An old Python, even 2.7, can read this file (and so say that it is too
old); the work is in `commands.py` beside it.
"""

import os
import sys

OLDEST = (3, 11)


def refuse_old_python(version):
    """Exit with one sentence if `version`, such as `sys.version_info`, is older than `OLDEST`."""
    if tuple(version[:2]) < OLDEST:
        raise SystemExit(
            "Descent needs Python {}.{} or newer and this is Python {}.{}: install a newer one, or "
            "name one that you have, for example `make lab PYTHON=python3.12` or "
            "`python3.12 tools/setup.py lab`.".format(*(OLDEST + tuple(version[:2])))
        )


if __name__ == "__main__":
    refuse_old_python(sys.version_info)
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))  # -P and PYTHONSAFEPATH omit it

    from commands import main

    sys.exit(main(sys.argv[1:]))
