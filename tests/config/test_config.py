import inspect
from pathlib import Path

import pytest
import torch
from hydra import compose, initialize_config_dir
from hydra.utils import get_object
from omegaconf import DictConfig, ListConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from lgtsm.config.build import ConfigError, build
from lgtsm.config.check import check_complete, missing_keys
from lgtsm.config.folder import config_folder
from lgtsm.config.record import write_config
from lgtsm.precision_names import AUTO, PRECISIONS
from lgtsm.training.precision import LIGHTNING

CONF = Path(config_folder())
EXPERIMENTS = sorted(
    path.relative_to(CONF / "experiment").with_suffix("").as_posix() for path in (CONF / "experiment").rglob("*.yaml")
)

# Parts of other files: alone they name no videos or kinds, or stand in for another file.
BUILT_ON = {("data", "clips"), ("mask", "drawn"), ("mask", "same")}


def composed(*overrides, name="train"):
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return compose(name, list(overrides))


def targets(config, key):
    """Yield (key, target) of every `_target_` at or below a node."""
    if isinstance(config, DictConfig):
        if config.get("_target_") is not None:
            yield key, str(config["_target_"])
        for name in config:
            try:
                value = None if OmegaConf.is_missing(config, name) else config[name]
            except OmegaConfBaseException:
                continue  # a reference to a value that the user has to set
            yield from targets(value, f"{key}.{name}")
    elif isinstance(config, ListConfig):
        for index, node in enumerate(config):
            yield from targets(node, f"{key}[{index}]")


def every_option():
    """One composition for each file of each group, so that every YAML is covered."""
    yield "train", []
    yield "evaluate", []
    for path in sorted(CONF.glob("*/*.yaml")):
        if (path.parent.name, path.stem) in BUILT_ON:
            continue
        yield "evaluate" if path.parent.name in ("protocol", "metric") else "train", [f"{path.parent.name}={path.stem}"]
    for path in sorted((CONF / "loss" / "features").glob("*.yaml")):
        yield "train", ["loss=paper", f"loss/features={path.stem}"]


@pytest.mark.parametrize(
    ("name", "overrides"), list(every_option()), ids=lambda value: "_".join(value) if isinstance(value, list) else value
)
def test_every_target_exists_and_takes_its_arguments(name, overrides):
    config = composed(*overrides, name=name)
    if "root" in config.data:
        config.data.root = "/data"
    if OmegaConf.is_missing(config.mask, "folder"):
        config.mask.folder = "/masks"
    found = list(targets(config, "config"))
    assert found
    for key, target in found:
        node = OmegaConf.select(config, key.removeprefix("config.").replace("[", ".").replace("]", ""))
        arguments = {str(k) for k in node if not str(k).startswith("_")}
        taken = inspect.signature(get_object(target)).parameters
        if any(p.kind is p.VAR_KEYWORD for p in taken.values()):
            continue
        assert arguments <= set(taken), f"{key}: {target} takes no {sorted(arguments - set(taken))}"
        if not node.get("_partial_"):
            required = {k for k, p in taken.items() if p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD}
            assert required <= arguments, f"{key}: {target} needs {sorted(required - arguments)}"


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_every_experiment_has_a_comment_and_only_misses_what_the_user_must_give(experiment):
    lines = (CONF / "experiment" / f"{experiment}.yaml").read_text().splitlines()
    assert lines[0] == "# @package _global_"
    assert lines[1].startswith("# ")
    assert set(missing_keys(OmegaConf.to_container(composed(f"experiment={experiment}")))) <= {"data.root"}


def test_published_settings():
    config = composed("experiment=fvi_lgtsm", "data.root=/data")
    assert (config.num_frames, config.height, config.width, config.batch_size) == (7, 180, 320, 5)
    weights = [config.loss[f"weight_{term}"] for term in ("reconstruction", "perceptual", "style")]
    assert [*weights, config.adversarial.weight] == [1, 1, 10, 1]
    assert config.optimizer.generator.lr == config.optimizer.discriminator.lr == 1e-4
    assert config.model.width == config.discriminator.width == 64
    faces = composed("experiment=faceforensics_lgtsm", "data.root=/data")
    assert (faces.num_frames, faces.height, faces.width, faces.batch_size) == (12, 128, 128, 6)


def test_missing_values_are_named_with_the_way_to_give_them():
    with pytest.raises(ConfigError, match=r"data\.root.*data\.root="):
        check_complete(composed("data=davis", "max_steps=5"))


def test_published_data_lies_where_the_environment_says(monkeypatch):
    monkeypatch.delenv("LGTSM_DATA", raising=False)
    assert composed("experiment=fvi_lgtsm").data.root == "data/FVI"
    monkeypatch.setenv("LGTSM_DATA", "/sets")
    assert composed("experiment=fvi_lgtsm").data.root == "/sets/FVI"
    assert composed("experiment=faceforensics_gated3d").data.root == "/sets/FaceForensics"


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        ([], r"experiment=demo.*experiment=clips_lgtsm data\.root=VIDEOS"),
        (["data=folder"], r"experiment=clips_lgtsm data\.root=VIDEOS"),
        (["data=folder", "data.root=/videos"], r"/videos.*experiment=clips_lgtsm.*max_steps"),
        (["data=davis", "max_steps=5"], r"^data\.root"),
    ],
)
def test_nothing_is_trained_that_nobody_asked_for(overrides, words):
    with pytest.raises(ConfigError, match=words):
        check_complete(composed(*overrides))


def test_who_sets_the_steps_needs_no_experiment():
    check_complete(composed("max_steps=5"))
    check_complete(composed("data=folder", "data.root=/videos", "max_steps=5"))


def test_training_knows_the_precisions_that_everything_else_knows():
    assert set(LIGHTNING) == set(PRECISIONS)
    assert {path.stem for path in (CONF / "precision").glob("*.yaml")} == {AUTO, *PRECISIONS}


@pytest.mark.parametrize("precision", [AUTO, *PRECISIONS])
def test_the_precision_is_one_key_of_training_and_evaluation(precision):
    trained, scored = (composed(f"precision={precision}", name=name) for name in ("train", "evaluate"))
    assert trained.precision == trained.trainer.precision == scored.precision == precision
    assert composed("experiment=demo").precision == composed(name="evaluate").precision == "auto"


@pytest.mark.parametrize(
    ("node", "words"),
    [
        ({"_target_": "no_such.Thing"}, r"thing\._target_ .*'no_such\.Thing'.*import"),
        ({"_target_": "lgtsm.losses.NoSuchLoss"}, r"thing\._target_ .*NoSuchLoss.*import"),
        ({"_target_": "math.pi"}, r"thing\._target_ .*'math\.pi'.*float"),
        ({"_target_": "lgtsm.create_model", "name": "???"}, r"thing\.name .*=VALUE"),
        ({"_target_": "lgtsm.create_model", "name": "${absent}"}, r"thing\.name: .*absent"),
        (
            {"_target_": "lgtsm.losses.GeneratorLoss", "reconstruction": {"_target_": "math.sqrt", "_args_": [4]}},
            r"thing\.reconstruction .*Module.*math\.sqrt .*float",
        ),
        ({"_target_": "lgtsm.create_model", "name": "vinet"}, "thing: .*'vinet'"),
        ({"_target_": "lgtsm.losses.StyleLoss", "divisor": "paper", "bogus": 1}, "thing .*bogus"),
        ({"_target_": "lgtsm.losses.StyleLoss"}, "thing .*Linear.*StyleLoss"),
    ],
)
def test_build_errors_name_the_key(node, words):
    with pytest.raises(ConfigError, match=words):
        build(OmegaConf.create(node), "thing", torch.nn.Linear)


@pytest.mark.parametrize("word", ["_recursive_", "_convert_"])
def test_keywords_of_hydra_that_are_not_supported_are_named(word):
    with pytest.raises(ConfigError, match=rf"^thing\.{word} is not supported"):
        build(OmegaConf.create({"_target_": "torch.nn.Identity", word: "all"}), "thing")


def test_errors_name_the_key_that_a_value_is_written_at():
    config = composed("experiment=demo", "adversarial.loss.kind=hing")
    with pytest.raises(ConfigError, match=r"^adversarial\.loss: kind .*hing"):
        build(config.module, "module")
    config = composed("experiment=demo", "data.train_videos.num_videos=0")
    with pytest.raises(ConfigError, match=r"^data\.train_videos"):
        build(config.loader, "loader")
    config = composed("experiment=demo", "+validation_metrics.mine={_target_: fractions.Fraction}")
    with pytest.raises(ConfigError, match=r"^validation_metrics\.mine .*Module.*Fraction"):
        build(config.module, "module")


def test_no_line_is_long_and_nothing_is_taken_from_a_key_that_may_not_be_there():
    for path in CONF.rglob("*.yaml"):
        lines = path.read_text().splitlines()
        assert max(map(len, lines)) <= 120, path
        assert not any("oc.select" in line for line in lines), path


def test_validation_takes_the_masks_of_training_unless_it_is_given_others():
    same = composed("experiment=demo", "mask.border=7")
    assert build(same.data.validation, "data.validation").masks.border == 7
    other = composed("experiment=demo", "mask@data.validation_masks=box", "mask.border=7")
    masks = build(other.data.validation, "data.validation").masks
    assert (list(masks.kinds), masks.border) == (["box"], 0)
    davis = composed("data=davis", "data.root=/d", "max_steps=1").data
    assert davis.validation_masks == davis.object_masks


def test_networks_never_see_a_config_object():
    options = build(
        OmegaConf.create({"_target_": "lgtsm.create_model", "name": "lgtsm", "width": 4}), "model"
    ).catalog_entry
    assert type(options) is dict
    masks = build(composed().mask, "mask")
    assert type(masks.kinds) is dict


def test_resolved_config_is_written(tmp_path):
    write_config(OmegaConf.create({"a": 1, "b": "${a}"}), tmp_path / "run")
    assert (tmp_path / "run" / "config.yaml").read_text() == "a: 1\nb: 1\n"
    assert len(list((tmp_path / "run").iterdir())) == 1


def test_a_text_where_a_class_without_types_wants_a_number_is_asked_about():
    node = OmegaConf.create({"_target_": "fractions.Fraction", "numerator": "abc", "denominator": 2})
    with pytest.raises(ConfigError, match=r"numbers for model\.numerator\?"):
        build(node, "model", object)


@pytest.mark.parametrize("name", ["train", "evaluate"])
def test_two_runs_that_start_in_one_second_get_two_folders(monkeypatch, name):
    monkeypatch.delenv("SLURM_JOB_ID", raising=False)
    words = ["experiment=demo"] if name == "train" else []
    for _ in range(20):  # a second may end between the two
        folders = {Path(composed(*words, name=name).paths.run) for _ in range(2)}
        assert len(folders) == 2
        if len({folder.name[: len("2026-01-31_23-59-59")] for folder in folders}) == 1:
            return
    pytest.fail("two configurations took longer than a second, twenty times")
