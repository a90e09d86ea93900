"""What holds for every metric: batches = whole, two processes = one, pickles, exact resets."""

import json
import os
import pickle
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from tests.metrics.cases import NAMES, make_metric, make_pairs, plain


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("weights")


def computed(metric, *parts):
    for part in parts:
        metric.update(*(t[part] for t in make_pairs()))
    return plain(metric.compute())


@pytest.mark.parametrize("name", NAMES)
def test_batches_equal_the_whole_it_pickles_and_resets_exactly(name, folder):
    whole = make_metric(name, folder)
    expected = computed(whole, slice(None))
    assert all(value == value for value in expected.values())
    assert computed(make_metric(name, folder), slice(0, 2), slice(2, 3), slice(3, 5)) == pytest.approx(
        expected, rel=1e-9
    )

    half = make_metric(name, folder)
    half.update(*(t[:2] for t in make_pairs()))
    again = pickle.loads(pickle.dumps(half))
    assert computed(again, slice(2, 5)) == pytest.approx(expected, rel=1e-9)

    whole.reset()
    for state, default in whole._defaults.items():
        assert torch.equal(getattr(whole, state), default), state
        assert default.dtype in (torch.float64, torch.int64)
    assert computed(whole, slice(None)) == expected
    assert list(whole.parameters()) == []
    assert whole.state_dict() == {}


@pytest.mark.parametrize("name", [name for name in NAMES if name != "video_fid"])
def test_each_video_has_its_own_score_and_one_without_a_hole_has_none_there(name, folder):
    metric = make_metric(name, folder)
    filled, video, hole = make_pairs()
    scores, counted = metric.score(filled, video, hole)
    assert set(scores) == set(counted) == set(metric.names) == set(computed(metric, slice(None)))
    for key, values in scores.items():
        assert values.shape == counted[key].shape == (5,)
        assert values.dtype == torch.float64
        assert counted[key].tolist() == [True, not key.endswith("hole"), True, True, True]
        alone = [metric.score(filled[b : b + 1], video[b : b + 1], hole[b : b + 1])[0][key].item() for b in (0, 3)]
        assert alone == pytest.approx(values[[0, 3]].tolist(), rel=1e-9)
        assert plain(metric.compute())[key] == pytest.approx(values[counted[key]].mean().item(), rel=1e-9)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "video_fid"])
def test_broken_results_never_score_as_numbers_and_wrong_shapes_get_a_sentence(name, folder):
    metric = make_metric(name, folder)
    filled, video, hole = (t[:1] for t in make_pairs())
    broken = filled.clone()
    broken[0, 1, 1, 6:8, 8:10] = float("nan")
    scores = metric.score(broken, video, hole)[0]
    assert any(value.isnan().all() for value in scores.values())
    with pytest.raises(ValueError, match=r"filled.*shape"):
        metric.update(filled[:, :2], video, hole)


@pytest.mark.parametrize("name", NAMES)
def test_autocast_and_half_precision_around_a_metric_change_nothing(name, folder):
    expected = computed(make_metric(name, folder), slice(None))
    with torch.autocast("cpu", torch.bfloat16):
        assert computed(make_metric(name, folder), slice(None)) == pytest.approx(expected, rel=1e-6)
    rounded = [t.bfloat16() for t in make_pairs()]
    of_floats, of_halves = make_metric(name, folder), make_metric(name, folder)
    of_floats.update(*(t.float() for t in rounded))
    with torch.autocast("cpu", torch.bfloat16):
        of_halves.update(*rounded)
        assert plain(of_halves.compute()) == pytest.approx(plain(of_floats.compute()), rel=1e-6)
    for state, default in of_halves._defaults.items():
        assert getattr(of_halves, state).dtype == default.dtype


def test_two_processes_equal_one(folder):
    for name in NAMES:
        make_metric(name, folder)  # leaves the weights there before both look for them
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    shared = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": "2", "OMP_NUM_THREADS": "1"}
    root = Path(__file__).parents[2]
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.metrics.two_processes", str(folder)],
            cwd=root, env={**os.environ, **shared, "RANK": str(rank)}, stderr=subprocess.PIPE, text=True,
        )
        for rank in range(2)
    ]  # fmt: skip
    for process in processes:
        _, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors
    for rank in range(2):
        found = json.loads((folder / f"found_{rank}.json").read_text())
        for name in NAMES:
            assert found[name] == pytest.approx(computed(make_metric(name, folder), slice(None)), rel=1e-9), name
