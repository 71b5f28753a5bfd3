"""A link that leads nowhere is found, whatever kind it is."""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

import links


@pytest.fixture
def site(tmp_path):
    """A site of two pages with a picture, all of whose links are right."""
    (tmp_path / "a b").mkdir()
    (tmp_path / "picture.png").write_bytes(b"")
    (tmp_path / "index.html").write_text(
        '<h1 id="top">One</h1><a href="#top">up</a><a href="a%20b/two.html#part">two</a>'
        '<a href="mailto:a@b.c">write</a><img src="picture.png?v=1">'
    )
    (tmp_path / "a b/two.html").write_text(
        '<h2 id="part">Two</h2><a href="../index.html">one</a>'
        '<a href="https://example.org/page#part">elsewhere</a>'
    )
    return tmp_path


def test_a_site_whose_links_are_right_passes(site, capsys):
    assert links.dead(site) == []
    assert links.main([str(site)]) == 0
    assert "Every link leads somewhere." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("planted", "told"),
    [
        ('<a href="three.html">', "three.html names no file"),
        ('<a href="a%20b">', "a%20b names no file"),
        ('<img src="pictures.png">', "pictures.png names no file"),
        ('<a href="#bottom">', "#bottom names no anchor of its page"),
        ('<a href="a%20b/two.html#parts">', "a%20b/two.html#parts names no anchor of its page"),
        ('<iframe srcdoc="&lt;img src=&quot;gone.png&quot;&gt;">', "gone.png names no file"),
    ],
)
def test_a_planted_dead_link_is_named(site, planted, told, capsys):
    with (site / "index.html").open("a") as page:
        page.write(planted)
    assert links.main([str(site)]) == 1
    assert capsys.readouterr().out.splitlines() == [f"index.html: {told}"]


def test_other_sites_are_asked_only_when_told_to(site, monkeypatch, capsys):
    monkeypatch.setattr(links, "unreachable", lambda found: [f"{each} is gone" for each in found])
    assert links.main([str(site)]) == 0
    capsys.readouterr()
    assert links.main(["--external", str(site)]) == 1
    assert capsys.readouterr().out == "https://example.org/page is gone\n"


@pytest.fixture
def server():
    """The address of a server that knows one page."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200 if self.path == "/there" else 404)
            self.end_headers()

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Answer) as served:
        threading.Thread(target=served.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{served.server_port}"
        served.shutdown()


def test_an_address_that_answers_with_an_error_is_named(server):
    asked = [f"{server}/there", f"{server}/gone", "http://127.0.0.1:1/closed"]
    gone, closed = links.unreachable(asked)
    assert gone == f"{server}/gone answers 404"
    assert closed.startswith("http://127.0.0.1:1/closed does not answer (")


def test_a_site_that_refuses_programs_is_not_asked(server):
    assert list(links.unreachable([f"{server}/gone"], refuse=["127.0.0.1"])) == []


def test_without_a_site_the_command_says_how_to_build_it(tmp_path, capsys):
    assert links.main([str(tmp_path)]) == 1
    assert "`make site` builds it" in capsys.readouterr().out
