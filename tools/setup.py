"""Set up the course and run it: `python3 tools/setup.py lab`. `make` calls this file too.

It needs nothing but Python. An old Python can read this file (and so say that it is too old); the
work is in `commands.py` beside it.
"""

import sys

OLDEST = (3, 11)


def refuse_old_python(version):
    """Exit with one sentence if `version`, such as `sys.version_info`, is older than `OLDEST`."""
    if tuple(version[:2]) < OLDEST:
        raise SystemExit(
            f"Descent needs Python {OLDEST[0]}.{OLDEST[1]} or newer and this is Python "
            f"{version[0]}.{version[1]}: install a newer one, or name one that you have, for "
            "example `make lab PYTHON=python3.12` or `python3.12 tools/setup.py lab`."
        )


if __name__ == "__main__":
    refuse_old_python(sys.version_info)

    from commands import main

    sys.exit(main(sys.argv[1:]))
