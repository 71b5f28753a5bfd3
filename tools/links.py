"""Check that every link of the built pages leads somewhere.

    python tools/links.py [FOLDER]             files and anchors; the network is not asked
    python tools/links.py --external [FOLDER]  other sites, too

FOLDER is `build/site` unless another is named. What leads nowhere is printed, and the exit code is
then 1.
"""

from __future__ import annotations

import argparse
import sys
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).resolve().parents[1]
# Sites that let a browser in and refuse programs, so that their answer says nothing of the link.
REFUSE: tuple[str, ...] = ()
SECONDS = 20


@dataclass
class Page(HTMLParser):
    """The addresses that a page holds, and the anchors at which it can be entered."""

    text: str
    links: list[str] = field(default_factory=list)
    anchors: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        super().__init__()
        self.feed(self.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what a tag links to and what it is called. A page within the page counts, too."""
        for name, value in attrs:
            if name in ("href", "src") and value and not value.startswith(("data:", "mailto:")):
                self.links.append(value)
            if name == "id" or (tag == "a" and name == "name"):
                self.anchors.add(value or "")
            if name == "srcdoc" and value:
                self.links += Page(value).links


def dead(folder: Path) -> list[str]:
    """Return a sentence for each link within the site that leads nowhere, in the pages' order."""
    pages = {path: Page(path.read_text("utf-8")) for path in sorted(folder.rglob("*.html"))}
    return [
        f"{path.relative_to(folder)}: {link} {reason}"
        for path, page in pages.items()
        for link in dict.fromkeys(page.links)
        if not is_external(link) and (reason := fault(link, path, pages))
    ]


def fault(link: str, path: Path, pages: dict[Path, Page]) -> str:
    """Return what is wrong with a link on the page at `path`; "" if it leads somewhere."""
    parts = urlsplit(link)
    target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
    if not target.is_file():
        return "names no file"
    anchor = unquote(parts.fragment)
    if anchor and target in pages and anchor not in pages[target].anchors:
        return "names no anchor of its page"
    return ""


def is_external(link: str) -> bool:
    """Return whether a link leads to another site."""
    return bool(urlsplit(link).netloc)


def external(folder: Path) -> list[str]:
    """Return the addresses of other sites to which the pages link, each once, sorted."""
    pages = (Page(path.read_text("utf-8")) for path in folder.rglob("*.html"))
    found = {link.partition("#")[0] for page in pages for link in page.links if is_external(link)}
    return sorted(found)


def unreachable(addresses: Iterable[str], refuse: Iterable[str] = REFUSE) -> Iterator[str]:
    """Yield a sentence for each address that does not answer, or answers with an error.

    Addresses of the sites in `refuse` are not asked.
    """
    for address in addresses:
        if urlsplit(address).hostname in refuse:
            continue
        request = urllib.request.Request(address, headers={"User-Agent": "Mozilla/5.0 (links)"})
        try:
            urllib.request.urlopen(request, timeout=SECONDS).close()
        except urllib.error.HTTPError as error:
            yield f"{address} answers {error.code}"
        except (OSError, ValueError) as error:
            yield f"{address} does not answer ({error})"


def main(arguments: list[str]) -> int:
    """Print what leads nowhere; return 1 if anything does, else 0."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--external", action="store_true", help="ask other sites, too")
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "build" / "site")
    options = parser.parse_args(arguments)
    folder = options.folder.resolve()
    if not (folder / "index.html").is_file():
        print(f"There is no site in {folder}: `make site` builds it.")
        return 1
    found = dead(folder)
    if options.external:
        found += unreachable(external(folder))
    print("\n".join(found) or "Every link leads somewhere.")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
