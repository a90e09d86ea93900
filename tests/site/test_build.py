"""The site builds strictly, without the network, and holds all commands, keys and names."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import lgtsm
from lgtsm.__main__ import COMMANDS

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The built site, with no way to the network."""
    folder = tmp_path_factory.mktemp("site")
    closed = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9")
    line = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", folder]
    environment = {**os.environ, **closed, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(line, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder


def text_of(page):
    return re.sub(r"<[^>]+>", "", page.read_text())


def test_nothing_is_loaded_from_elsewhere(site):
    pages = sorted(site.rglob("*.html"))
    assert len(pages) > 50
    for page in pages:
        loaded = re.findall(r"<(?:script|img|iframe)\b[^>]*\bsrc=\"?([^\" >]+)", page.read_text())
        loaded += re.findall(
            r"<link\b[^>]*\brel=\"?(?:stylesheet|preload|icon)[^>]*\bhref=\"?([^\" >]+)", page.read_text()
        )
        assert loaded and not [link for link in loaded if "//" in link], page
        for link in loaded:
            assert (page.parent / link.split("?")[0]).exists() or page.name == "404.html", (page, link)


def test_every_command_and_option_is_there(site):
    from lgtsm.commands.inpaint import make_parser

    page = (site / "reference" / "commands.html").read_text()
    assert set(COMMANDS) <= set(re.findall(r'<h2 id="([^"]+)"', page))
    for action in make_parser()._actions:
        for option in action.option_strings:
            assert option in ("-h", "--help", "--version") or re.search(rf"<code>{option}\b", page), option


def test_every_file_and_key_of_the_configuration_is_there(site):
    folder = site / "reference" / "config"
    for path in (ROOT / "conf").rglob("*.yaml"):
        group = path.parent.relative_to(ROOT / "conf").as_posix()
        page = folder / ("index.html" if group == "." else f"{group.replace('/', '_')}.html")
        text = text_of(page)
        assert path.stem in text, path
        for key in re.findall(r"^ *(\w+):(?: |$)", path.read_text(), re.M):
            assert key == "defaults" or re.search(rf"\b{key}\b", text), (path, key)
    entry = text_of(folder / "index.html")
    assert "clips per batch and process" in entry and "frames of a training clip" in entry  # the comments
    assert "share of the channels that move" in text_of(folder / "model.html")  # from a docstring


def test_every_public_name_is_there(site):
    for package in ("lgtsm", "lgtsm.losses", "lgtsm.data", "lgtsm.training.callbacks"):
        names = __import__(package, fromlist=["__all__"]).__all__
        page = (site / "reference" / "python" / f"{package.replace('.', '_')}.html").read_text()
        for name in names:
            assert name.startswith("__") or f'id="{package}.{name}"' in page, (package, name)
    page = text_of(site / "reference" / "python" / "lgtsm.html")
    assert "fill_file" in page and lgtsm.Inpainter.fill_file.__doc__.split("\n")[0] in page


def test_pages_of_the_repository_are_there(site):
    index = (site / "index.html").read_text()
    assert 'href="guides/fill.html"' in index and 'src="subtitle.jpg"' in index
    for page in ("changelog.html", "contributing.html", "weights/flow_fusion.html", "LICENSE.txt", "CITATION.cff"):
        assert (site / page).is_file()
