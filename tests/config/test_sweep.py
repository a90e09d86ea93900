"""Sweeps over the experiments of a folder."""

import pytest

from lgtsm.config.build import ConfigError
from lgtsm.config.sweep import expand_globs

ABLATIONS = ["conv3d_gan", "gtsm", "gtsm_gan", "lgtsm_gan", "tsm_gan"]


def test_a_folder_of_experiments_is_listed_and_all_else_left_alone():
    names = ",".join(f"ablation/{name}" for name in ABLATIONS)
    line = ["-m", "experiment=glob(ablation/*)", "seed=0,1", "model=glob(*)", "loss.features.weights=a/b"]
    assert expand_globs(line) == ["-m", f"experiment={names}", *line[2:]]
    assert expand_globs(["experiment=glob(ablation/g*_gan)"]) == ["experiment=ablation/gtsm_gan"]


@pytest.mark.parametrize("option", [["--config-dir={}"], ["--config-dir", "{}"], ["-cd", "{}"]])
def test_experiments_of_ones_own_are_found(option, tmp_path):
    for name in ("b", "a"):
        file = tmp_path / "experiment" / "mine" / f"{name}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    option = [part.format(tmp_path) for part in option]
    assert expand_globs([*option, "experiment=glob(mine/*)"]) == [*option, "experiment=mine/a,mine/b"]


def test_a_pattern_that_fits_nothing_gets_a_sentence():
    with pytest.raises(ConfigError, match=r"experiment=glob\(ablations/\*\).* experiment/ablations/"):
        expand_globs(["experiment=glob(ablations/*)"])
