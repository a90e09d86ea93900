"""What the README and docs/training.md tell people to type works."""

import importlib
import re
import shlex
from pathlib import Path

import pytest
import torch
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

import lgtsm
from lgtsm.__main__ import COMMANDS
from lgtsm.commands import compare, export
from lgtsm.commands.inpaint import check, make_parser
from lgtsm.config.folder import config_folder
from lgtsm.config.sweep import expand_globs
from lgtsm.models.catalog import list_models
from lgtsm.precision import Choice

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
TRAINING = (ROOT / "docs" / "training.md").read_text()
PAPER = (ROOT / "docs" / "paper.md").read_text()
BASH = [
    line.split("#")[0].strip()
    for block in re.findall(r"```bash\n(.*?)```", README, re.S)
    for line in block.splitlines()
]
HYDRA = [line for line in BASH if re.match(r"python -m lgtsm(\.train|\.evaluate| check_data)\b", line)]


def test_make_targets_exist():
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.M)
    named = {line.split()[1] for line in BASH if line.startswith("make ")}
    assert named == {"demo", "test"}
    assert named <= set(targets)
    assert "make test" in (ROOT / ".ci" / "run").read_text()


@pytest.mark.parametrize("line", HYDRA)
def test_hydra_commands_compose(line):
    name, *overrides = shlex.split(line.removeprefix("python -m lgtsm")[1:])
    if "-m" in overrides:  # a sweep over experiments; each composes
        sweep, *overrides = expand_globs(overrides[1:])
        key, choices = sweep.split("=")
        with initialize_config_dir(config_folder(), version_base="1.3"):
            assert len([compose(name, [f"{key}={choice}", *overrides]) for choice in choices.split(",")]) == 5
        overrides.append(f"{key}={choices.split(',')[0]}")
    with initialize_config_dir(config_folder(), version_base="1.3"):
        config = compose(name, overrides)
    for key, value in (override.split("=", 1) for override in overrides):
        if not Path(config_folder(), key).is_dir():  # a value, not the choice of a group's file
            assert OmegaConf.select(config, key) == OmegaConf.from_dotlist([f"value={value}"]).value
    assert name == "check_data" or config.paths.run


def test_override_examples_compose():
    (example,) = re.findall(r"`(model\.width=32 [^`]*)`", README)
    with initialize_config_dir(config_folder(), version_base="1.3"):
        config = compose("train", example.split())
        assert config.model.width == 32
        for options in re.findall(r"`((?:[a-z_@+/.]+=[a-z0-9_.]+ ?)+)`", TRAINING):
            start = "" if "experiment=" in options else "experiment=demo "
            compose("train", (start + options).replace("resume=auto paths.run=FOLDER", "").split())


def test_groups_and_options_named_exist():
    text = re.search(r"Groups are(.*?)`python -m", TRAINING, re.S).group(1)
    for group, options in re.findall(r"`(\w+)`(?: \(([^)]*)\))?", text):
        files = {path.stem for path in Path(config_folder(), group).glob("*.yaml")}
        assert files, group
        assert {o.strip() for o in options.split(",") if o} <= files, group


def test_inpaint_commands_parse():
    lines = [line for line in BASH if line.startswith("python -m lgtsm.inpaint")]
    for line in lines:
        arguments = make_parser().parse_args(line.split()[3:])
        check(arguments)
    (plain,) = [line for line in lines if line.endswith("VIDEO --mask MASK -o OUT")]
    first = make_parser().parse_args(plain.split()[3:])
    assert (first.video, first.mask, first.output) == ("VIDEO", "MASK", "OUT")
    options = {option for action in make_parser()._actions for option in action.option_strings}
    section = re.search(r"## Fill a video(.*?)From Python:", README, re.S).group(1)
    assert set(re.findall(r"--[a-z][a-z-]*", section)) <= options


def test_compare_command_parses():
    (line,) = [line for line in BASH if line.startswith("python -m lgtsm compare")]
    arguments = compare.make_parser().parse_args(line.split()[4:])
    assert (arguments.runs, str(arguments.output)) == (["runs/ours", "runs/theirs"], "runs/table")


def test_export_command_parses():
    (line,) = [line for line in BASH if line.startswith("python -m lgtsm export")]
    arguments = export.make_parser().parse_args(line.split()[4:])
    assert (arguments.output, arguments.height, arguments.width) == ("step.onnx", 160, 288)


def test_python_example_runs(monkeypatch):
    # Streamed and whole results agree; in bf16 they would differ in the last bits.
    monkeypatch.setattr("lgtsm.inference.filler.choose_precision", lambda device: Choice("fp32", "for this test"))
    code = re.search(r"From Python:\n\n```python\n(.*?)```", README, re.S).group(1)
    scope = {}
    exec(code, scope)
    known = (scope["hole"] == 0).expand_as(scope["video"])
    assert (scope["filled"][known] == scope["video"][known]).all()
    streamed = torch.cat(scope["pieces"], 1)
    torch.testing.assert_close(streamed, scope["filled"], atol=1e-5, rtol=0)


def python_block(word):
    (code,) = [code for code in re.findall(r"```python\n(.*?)```", README, re.S) if word in code]
    return code


def test_example_of_a_network_with_shifts_runs():
    scope = {}
    exec(python_block("add_temporal_shift"), scope)
    network, (behind, ahead) = scope["network"].eval(), (scope["behind"], scope["ahead"])
    assert scope["scores"].shape == (8, 10) and (behind, ahead) == (8, 8)
    frames = torch.rand(8, 3, 64, 64)
    other = frames.clone()
    other[4:] = 0  # the second clip, which the first one does not see
    changed = (network(frames) != network(other)).any(1)
    assert not changed[:4].any() and changed[4:].all()
    with pytest.raises(ValueError, match=r"clips=2 of num_frames=4"):
        network(frames[:4])


def test_training_in_plain_python_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    code = python_block("trainer.fit")
    scope = {}
    exec(re.sub(r"(max_steps|steps_per_epoch)=\d+", r"\1=2", code), scope)
    assert len([line for line in code.splitlines() if line and "import" not in line]) <= 12
    before = lgtsm.create_model("lgtsm", width=16).state_dict()
    trained = lgtsm.load_model("mine.safetensors").state_dict()
    assert trained.keys() == before.keys()
    assert scope["trainer"].global_step == scope["module"].batches_done == 2
    assert all(torch.equal(value, scope["model"].state_dict()[key]) for key, value in trained.items())
    assert 0 < scope["trainer"].callback_metrics["val/psnr_hole"] < 40


def test_every_command_is_described():
    for command in COMMANDS:
        assert f"lgtsm.{command}" in README or f"lgtsm {command}" in README, command


@pytest.mark.parametrize("name", ["plot", "mask", "make_masks", "prepare_data", "benchmark", "get_data", "reproduce"])
def test_other_commands_parse(name):
    (line,) = [line for line in BASH if line.startswith(f"python -m lgtsm {name} ")]
    make = importlib.import_module(f"lgtsm.commands.{name}").make_parser
    assert vars(make().parse_args(line.split()[4:]))


def test_names_are_those_of_the_catalog_and_links_are_there():
    for method in list_models(networks=False):
        assert f"`{method}`" in README or f"--method {method}" in README, method
    for page, folder in ((README, ROOT), (TRAINING, ROOT / "docs"), (PAPER, ROOT / "docs")):
        for link in re.findall(r"\]\(([^)]+)\)", page):
            assert (folder / link).is_file(), link


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
