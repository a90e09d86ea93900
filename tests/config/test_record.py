"""What is written down of a configuration, and how a resumed run compares with it."""

import pytest
import yaml
from omegaconf import OmegaConf

from lgtsm.config.build import ConfigError
from lgtsm.config.changes import changes, check_resumable, compared, read_config
from lgtsm.config.record import plain, write_config
from tests.end_to_end.composing import composed

SECRET = "hunter2-of-the-test"


@pytest.mark.parametrize(
    ("node", "written"),
    [
        ({"a": "${oc.env:LGTSM_TEST}"}, {"a": "${oc.env:LGTSM_TEST}"}),
        ({"a": "x/${oc.env:LGTSM_TEST}/y"}, {"a": "x/${oc.env:LGTSM_TEST}/y"}),
        ({"a": "${oc.env:LGTSM_TEST}", "b": "${a}", "c": "${b}"}, dict(a="${oc.env:LGTSM_TEST}", b="${a}", c="${b}")),
        ({"a": ["${oc.env:LGTSM_TEST}", 1]}, {"a": ["${oc.env:LGTSM_TEST}", 1]}),
        ({"a": {"b": "${oc.env:LGTSM_TEST}"}, "c": "${a}"}, {k: {"b": "${oc.env:LGTSM_TEST}"} for k in "ac"}),
        ({"a": "${oc.decode:${oc.env:LGTSM_TEST}}"}, {"a": "${oc.decode:${oc.env:LGTSM_TEST}}"}),
        ({"a": "${oc.env:LGTSM_ABSENT,7}"}, {"a": "${oc.env:LGTSM_ABSENT,7}"}),
        ({"a": 3, "b": "${a}", "c": ["${b}"]}, {"a": 3, "b": 3, "c": [3]}),
    ],
)  # fmt: skip
def test_values_from_the_environment_keep_their_interpolation(tmp_path, monkeypatch, node, written):
    monkeypatch.setenv("LGTSM_TEST", SECRET)
    config = OmegaConf.create(node)
    assert plain(config) == written
    path = write_config(config, tmp_path / "run")
    assert SECRET not in path.read_text()
    assert yaml.safe_load(path.read_text()) == written
    assert OmegaConf.create({"x": "${oc.env:LGTSM_TEST}"}).x == SECRET  # resolves as before


def test_a_written_configuration_is_compared_like_the_one_in_a_checkpoint(tmp_path):
    config = composed("train", "experiment=demo", "paths.run=there")
    write_config(config, tmp_path)
    now = composed("train", "experiment=demo", "paths.run=here", "mask.border=2")
    assert [str(change) for change in changes(read_config(tmp_path), now)] == ["mask.border 0 -> 2"]
    assert changes(compared(config), now) == changes(read_config(tmp_path), now)
    assert not [key for key, value in compared(config).items() if "there" in str(value)]
    assert read_config(tmp_path / "nowhere") is None


def test_changes_are_named_once_by_the_key_to_set():
    before = compared(composed("train", "experiment=demo"))
    assert changes(before, composed("train", "experiment=demo")) == []
    now = composed(
        "train", "experiment=demo", "max_steps=700", "optimizer.generator.lr=0.5",
        "optimizer.generator.betas=[0.1,0.2]",
        "paths.root=elsewhere", "resume=auto", "mask.border=3", "num_threads=null",
    )  # fmt: skip
    assert sorted(map(str, changes(before, now))) == [
        "mask.border 0 -> 3",
        "max_steps 600 -> 700",
        "num_threads 1 -> null",
        "optimizer.generator.betas [0.9, 0.99] -> [0.1, 0.2]",
        "optimizer.generator.lr 0.001 -> 0.5",
    ]


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("model.width=8", r"model\.width 16 -> 8: its weights"),
        ("model=tsm", r"model\.name lgtsm -> tsm"),
        ("discriminator=none", r"discriminator\._target_ lgtsm\.create_discriminator -> null: its weights"),
        ("seed=4", r"seed 0 -> 4: its clips and holes"),
        ("init_from=other.ckpt", r"init_from null -> other\.ckpt: its weights have replaced"),
        ("average_decay=null", r"average_decay 0\.98 -> null: it has averaged"),
        ("optimizer.generator.amsgrad=true", r"optimizer\.generator\.amsgrad false -> true: its optimizers"),
        ("optimizer.generator._target_=torch.optim.SGD", r"_target_ torch\.optim\.Adam -> torch\.optim\.SGD: its opt"),
        (
            "optimizer.generator_schedule=null",
            r"generator_schedule._target_ .*warmup_cosine -> nothing.*: its opt",
        ),
    ],
)
def test_what_a_resumed_run_cannot_follow_stops_it(override, words):
    found = changes(compared(composed("train", "experiment=demo")), composed("train", "experiment=demo", override))
    with pytest.raises(ConfigError, match=rf"^The run in F cannot continue with .*{words}.*init_from=C without resume"):
        check_resumable(found, "F", "C")


@pytest.mark.parametrize(
    "override",
    [
        "optimizer.generator.lr=1",
        "mask=box",
        "loss=paper",
        "adversarial.start_step=7",
        "average_decay=0.5",
        "height=96",
    ],
)
def test_what_a_resumed_run_can_follow_does_not_stop_it(override):
    found = changes(compared(composed("train", "experiment=demo")), composed("train", "experiment=demo", override))
    assert found
    check_resumable(found, "F", "C")
