"""`lgtsm app`: its options. The page itself is tested in tests/app."""

import socket
import sys

import pytest

from lgtsm.commands import app
from tests.entry_points.calling import exit_code


def test_the_page_is_for_this_machine_alone_unless_told_otherwise():
    assert app.make_parser().parse_args([]).host == "127.0.0.1"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--port", 70000), "--port must be from 0 to 65535; got 70000."),
        (("--max-size", "big"), "An amount of memory must be written like 500M or 4G; got 'big'."),
        (("--max-minutes", 0), "--max-minutes must be greater than 0; got 0."),
        (("--device", "gpu9"), "--device must be something like 'cpu', 'cuda' or 'cuda:1'; got 'gpu9'."),
    ],
)
def test_bad_options_are_refused_in_a_sentence(words, sentence, capsys):
    assert exit_code(app.main, "--no-browser", *words) == 2
    assert capsys.readouterr().err == f"lgtsm app: {sentence}\n"


def test_a_port_that_is_taken_is_told(capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert exit_code(app.main, "--no-browser", "--port", port) == 2
    said = f"lgtsm app: The page cannot listen on 127.0.0.1, port {port} (Address already in use). Choose another "
    assert capsys.readouterr().err == said + "--host or --port.\n"


def test_without_gradio_it_says_what_to_install(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "gradio", None)
    assert exit_code(app.main, "--no-browser", "--port", 0) == 2
    assert "lgtsm app: the page needs the package gradio: pip install lgtsm[app]" in capsys.readouterr().err
