"""What the README and the guides tell people to type works."""

import importlib
import re
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from lgtsm.config.folder import config_folder
from lgtsm.config.sweep import expand_globs
from tests.entry_points.calling import exit_code
from tests.site.blocks import ELSEWHERE, PAGES, READ_ONLY, ROOT, blocks, commands, fate
from tests.site.sandbox import make_sandbox

HYDRA = ("train", "evaluate", "check_data")
OURS = [command for command in commands() if command.name]
COMPOSED = [command for command in OURS if command.name in HYDRA and command.block.page not in ELSEWHERE]
PARSED = [command for command in OURS if command.name not in HYDRA and command.block.page not in ELSEWHERE]
RUN = list({command.line: command for command in OURS if fate(command) == "run"}.values())  # each line once
CONSOLE = blocks("console")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return make_sandbox(tmp_path_factory.mktemp("sandbox"))


@pytest.fixture
def sandbox(made, tmp_path, monkeypatch):
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_nothing_is_left_out():
    """Every command is run, or read and run by another test, or says what it needs."""
    assert [str(command) for command in commands() if fate(command) == "nothing"] == []
    known = blocks("bash", "python", "console", "text", "yaml")
    fences = sum(len(re.findall(r"^ *```", (ROOT / page).read_text(), re.M)) for page in PAGES)
    assert fences == 2 * len(known), "a block is not closed, or of a kind that no test knows"
    for page, test in ELSEWHERE.items():
        assert Path(page).name in (ROOT / test).read_text(), f"{test} does not read {page}"
    for name, test in READ_ONLY.items():
        assert name in (ROOT / test).read_text()
    assert len(RUN) > 20 and len(COMPOSED) > 20


def test_make_targets_exist():
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.M)
    named = {command.words[1] for command in commands() if command.words[:1] == ("make",)}
    assert {"demo", "test"} <= named <= set(targets)
    assert "make test" in (ROOT / ".ci" / "run").read_text()


@pytest.mark.parametrize("command", COMPOSED, ids=str)
def test_configurations_compose(command):
    name, overrides = command.name, [word for word in command.words if word not in ("--cfg", "job")]
    if "-m" in overrides:
        overrides.remove("-m")
        overrides = expand_globs(overrides)
        pairs = [word.split("=", 1) for word in overrides]
        sweeps = {key: value for key, value in pairs if "," in value and "(" not in value}
        overrides = [word for word in overrides if not word.startswith("hydra") and "tag(" not in word]
        for key, choices in sweeps.items():
            for choice in choices.split(","):
                with initialize_config_dir(config_folder(), version_base="1.3"):
                    compose(name, [*(word for word in overrides if not word.startswith(f"{key}=")), f"{key}={choice}"])
        overrides = [word for word in overrides if word.split("=")[0] not in sweeps]
    with initialize_config_dir(config_folder(), version_base="1.3"):
        config = compose(name, overrides)
    for key, value in (override.split("=", 1) for override in overrides):
        if not Path(config_folder(), key).is_dir():  # a value, not the choice of a group's file
            assert OmegaConf.select(config, key.lstrip("+")) == OmegaConf.from_dotlist([f"value={value}"]).value
    assert name == "check_data" or config.paths.run


@pytest.mark.parametrize("command", PARSED, ids=str)
def test_commands_parse(command):
    module = importlib.import_module(f"lgtsm.commands.{command.name}")
    arguments = module.make_parser().parse_args(command.words)
    assert vars(arguments)
    if command.name == "inpaint":
        module.check(arguments)


@pytest.mark.parametrize("command", RUN, ids=str)
def test_commands_run(command, sandbox, capfd):
    started = time.time_ns()
    main = importlib.import_module(f"lgtsm.commands.{command.name}").main
    assert exit_code(main, *command.words) in (0, None), capfd.readouterr().err
    flags = ("-o", "--preview", "--report")
    outputs = [sandbox / word for flag, word in zip(command.words, command.words[1:]) if flag in flags]
    for output in outputs:
        new = output.exists() and output.stat().st_mtime_ns > started - 10**9
        assert new != ("--dry-run" in command.words), output


@pytest.mark.parametrize("block", CONSOLE, ids=lambda block: block.text.splitlines()[0])
def test_errors_are_those_shown(block, sandbox, capfd, monkeypatch):
    """The command behind `$` ends in the sentence below it, with exit code 2."""
    line, _, expected = block.text.removeprefix("$ ").partition("\n")
    _, name, *words = shlex.split(line)
    main = importlib.import_module(f"lgtsm.commands.{name}").main
    monkeypatch.delenv("LGTSM_DATA", raising=False)
    if name in HYDRA:
        monkeypatch.setattr("sys.argv", [f"lgtsm {name}", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        assert ended.value.code == 2
    else:
        assert exit_code(main, *words) == 2
    sentences = [said for said in capfd.readouterr().err.splitlines() if said.startswith(f"lgtsm {name}: ")]
    assert sentences[-1] == " ".join(expected.split())


def test_the_list_of_commands_is_printed():
    done = subprocess.run(
        [sys.executable, "-m", "tests.site.blocks"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert len(done.stdout.splitlines()) >= len(commands())
    assert "lgtsm inpaint clip.mp4 --mask mask.png -o out.mp4" in done.stdout
