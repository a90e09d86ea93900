"""The README is short and whole, and what the documents name is there."""

import re
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir

from lgtsm.__main__ import COMMANDS
from lgtsm.commands.inpaint import make_parser
from lgtsm.config.folder import config_folder
from lgtsm.models.catalog import list_models
from tests.site.blocks import PAGES, blocks, commands

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
GUIDES = [page for page in PAGES if page.startswith("docs/guides/")]
TRAINING = (ROOT / "docs" / "guides" / "train.md").read_text()
PAPER = (ROOT / "docs" / "paper.md").read_text()
CODE = re.compile(r"^ *```.*?^ *```$", re.M | re.S)


def prose(page):
    """Return a page without its blocks of code."""
    return CODE.sub("", (ROOT / page).read_text())


def test_the_readme_is_two_screens_with_a_picture():
    assert len(README.splitlines()) <= 115
    assert re.findall(r"!\[[^\]]+\]\(([^)]+)\)", README) == ["docs/subtitle.jpg"]
    wanted = ["Set up", "Fill your video", "Train on yours", "Reproduce the paper", "From Python"]
    assert re.findall(r"^## (.*)$", README, re.M)[:5] == wanted
    (fill, *_) = [command for command in commands() if command.block.page == "README.md" and command.name == "inpaint"]
    arguments = make_parser().parse_args(fill.words)
    assert (arguments.video, arguments.mask, arguments.output) == ("clip.mp4", "mask.png", "out.mp4")


def test_every_command_and_method_is_described():
    text = README + "".join((ROOT / page).read_text() for page in GUIDES)
    for command in COMMANDS:
        assert f"lgtsm {command}" in text, command
    for method in list_models(networks=False):
        assert f"`{method}`" in text or f"--method {method}" in text, method


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page):
    for link in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        path, _, anchor = link.partition("#")
        if "://" in link:
            continue
        target = ((ROOT / page).parent / path) if path else ROOT / page
        assert target.is_file(), link
        headings = [re.sub(r"[^\w\- ]", "", line.lower()).strip().replace(" ", "-") for line in headings_of(target)]
        assert not anchor or anchor in headings, link


def headings_of(path):
    return re.findall(r"^#+ (.*)$", CODE.sub("", path.read_text()), re.M) if path.suffix == ".md" else []


@pytest.mark.parametrize("page", ["README.md", "docs/masks.md", *GUIDES])
def test_options_of_inpaint_named_in_prose_exist(page):
    known = {option for action in make_parser()._actions for option in action.option_strings}
    if page.endswith(("fill.md", "masks.md")):
        assert set(re.findall(r"`(--[a-z][a-z-]*)", prose(page))) <= known
    for block in blocks("bash"):
        if block.page == page and block.text.startswith("lgtsm inpaint"):
            assert set(re.findall(r" (--[a-z][a-z-]*)", block.text)) <= known


@pytest.mark.parametrize("page", ["docs/guides/train.md", "docs/guides/evaluate.md", "docs/guides/coming_from.md"])
def test_keys_named_in_prose_compose(page):
    found = re.findall(r"`((?:[+a-z_@/.\d]+=[\w./,\[\]+-]+ ?)+)`", prose(page))
    assert len(found) > 5
    values, composed = {}, []
    for span in found:
        words = [word for word in span.split() if "CUDA" not in word and "FOLDER" not in word]
        first = {word.split("=")[0].split(".")[0] for word in words}
        scores = first & {"protocol", "metric", "methods", "results", "checkpoint", "device"}
        name = "evaluate" if scores else "check_data" if "thorough" in first else "train"
        start = ["experiment=fvi_lgtsm"] if name == "train" else ["metric=standard"] if "metric" in first else []
        if any(Path(config_folder(), word.split("=")[0]).is_dir() for word in words):
            composed.append((name, [*(word for word in start if word.split("=")[0] not in span), *words]))
        else:  # values of the same start, all at once
            values.setdefault((name, *start), {}).update({word.split("=")[0]: word for word in words})
    composed += [(name, [*start, *words.values()]) for (name, *start), words in values.items()]
    for name, words in composed:
        with initialize_config_dir(config_folder(), version_base="1.3"):
            compose(name, words)


def test_groups_named_exist():
    rows = re.search(r"Groups choose whole files:\n\n(.*?)\n\n", TRAINING, re.S)[1].splitlines()[2:]
    named = {group for row in rows for group in re.findall(r"`(\w+)`", row.split("|")[1])}
    assert len(named) > 10
    for group in named:
        assert list(Path(config_folder(), group).glob("*.yaml")), group


def test_every_test_that_the_table_of_the_paper_names_is_there():
    tests = {path.name: path.read_text() for path in (ROOT / "tests").rglob("test_*.py")}
    cells = [row.split("|")[-2] for row in PAPER.splitlines() if row.startswith("| ")]
    named = re.findall(r"`(test_\w+\.py)?(?:::)?(test_\w+)?`", " ".join(cells))
    assert len(named) > 25
    last = ""
    for file, test in named:
        last = file or last
        assert last in tests, last
        assert not test or f"def {test}(" in tests[last], (last, test)
