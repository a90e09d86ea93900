import numpy as np
import pytest

import lgtsm
from lgtsm.classical import MeanColor
from lgtsm.inference import trial
from lgtsm.inference.dry_run import describe_plan
from lgtsm.inference.inpainter import Inpainter
from lgtsm.inference.options import FillOptions
from lgtsm.inference.plan import make_plan
from lgtsm.video.probe import probe
from lgtsm.video.survey import survey


@pytest.fixture
def info(data_folder):
    return probe(data_folder / "odd" / "tiny_48x28.mp4")


@pytest.fixture
def plan_of(info):
    def plan_of(inpainter, **options):
        holes = np.zeros((info.frames, info.height, info.width), np.uint8)
        holes[2:4, 5:9, 5:9] = 1
        return make_plan(inpainter, holes.shape[1:], len(holes), survey(holes).runs, FillOptions(**options))

    return plan_of


def test_what_is_expected_follows_from_what_was_tried(info, plan_of):
    inpainter = Inpainter(lgtsm.create_model("lgtsm", width=4))
    plan = plan_of(inpainter, frames_at_once=4)
    tried = trial.try_network(inpainter, plan)
    assert (tried.frames, tried.full) == (4, True)
    frames = sum(segment.stop - segment.start for segment in plan.segments)
    assert tried.expected == pytest.approx(tried.seconds / 4 * frames)  # one region: all frames cost the same
    said = describe_plan(info, 0.1, plan, tried, "cpu")
    assert said[-1].startswith("time     about") and "tried 4 frames" in said[-1]


def test_patience_ends(info, plan_of, monkeypatch):
    monkeypatch.setattr(trial, "PATIENCE", 0.0)
    inpainter = Inpainter(lgtsm.create_model("lgtsm", width=4))
    plan = plan_of(inpainter, frames_at_once=2)
    tried = trial.try_network(inpainter, plan)
    assert not tried.full
    assert describe_plan(info, 0.1, plan, tried, "cpu")[-1].startswith("time     at least")


def test_nothing_to_try(info, plan_of):
    inpainter = Inpainter(MeanColor())
    plan = plan_of(inpainter)
    assert trial.try_network(inpainter, plan) is None
    assert "piece by piece" in describe_plan(info, 0.1, plan, None, "cpu")[-1]
