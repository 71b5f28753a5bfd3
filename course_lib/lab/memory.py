"""How much memory this process cannot give back: pages that no file stands behind."""

from pathlib import Path

STATUS = Path("/proc/self/status")


def anonymous_memory(status: Path = STATUS) -> int | None:
    """Return the process's anonymous memory in bytes, None where the system does not tell.

    Arrays, tensors and Python's own objects lie there. The pages of a memory-mapped file do not:
    the system can drop them at any time and read them again. Only Linux tells (proc(5), RssAnon).
    """
    if not status.is_file():
        return None
    lines = (line.split() for line in status.read_text().splitlines())
    return next((1024 * int(words[1]) for words in lines if words[0] == "RssAnon:"), None)
