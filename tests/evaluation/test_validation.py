"""Validation clips as a protocol: the runner, ledger and report of every other one."""

import json

import cv2
import pytest
import torch

import lgtsm
from lgtsm.data.bad_videos import BadVideoWarning
from lgtsm.data.clips import InpaintingClips, MixedVideos
from lgtsm.data.synthetic import SyntheticVideos
from lgtsm.evaluation.comparison import compare
from lgtsm.evaluation.inputs import write_inputs
from lgtsm.evaluation.methods import ModuleMethod, make_methods
from lgtsm.evaluation.report import mean_scores, scores_table
from lgtsm.evaluation.run import evaluate
from lgtsm.evaluation.validation import ValidationProtocol, score_trained
from lgtsm.masks import MaskMixture
from lgtsm.metrics import FrameQuality, frame_scores
from lgtsm.video.errors import VideoError
from lgtsm.video.probe import probe


def make_clips(videos=None, **options):
    return InpaintingClips(videos or SyntheticVideos(3), MaskMixture({"box": 1.0}), 4, 24, 32, **options)


def score(methods, clips, folder, **options):
    return evaluate(ValidationProtocol(clips), methods, {"quality": FrameQuality()}, {}, folder, **options)


def test_report_holds_table_numbers_and_pictures(tmp_path):
    document = score(make_methods(["mean-color"]), make_clips(), tmp_path / "out")
    scores = mean_scores(document)
    kept = json.loads((tmp_path / "out" / "metrics.json").read_text())
    assert (kept["schema"], kept["protocol"]["videos"], kept["scores"]) == (
        "lgtsm-evaluation-2", 3, document["scores"]
    )  # fmt: skip
    assert set(kept["scores"]["mean-color"]) == {"all", "drawn"}  # no bins
    report = (tmp_path / "out" / "report.md").read_text()
    assert f"{scores['mean-color']['psnr_hole']:.2f}" in report and scores_table(document) in report
    assert "3 videos x 1 kind of holes (drawn)" in report and "4 frames, 32x24" in report
    assert "bin" not in report.replace("(kind, bin, video)", "").lower().split("## cost")[0]
    image = cv2.imread(str(tmp_path / "out" / "frames_0.png"))
    assert image.shape == (3 * (7 * 24 + 16), 4 * 7 * 32, 3)  # small frames are enlarged
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == [
        "efficiency.json", "evaluation.json", "frames_0.png", "frames_1.png", "frames_2.png", "metrics.json",
        "per_video.csv", "report.html", "report.md", "report.tex", "scored.0.jsonl", "scores.csv", "shown",
        "side_by_side.mp4", "slices_0.png", "slices_1.png", "slices_2.png",
    ]  # fmt: skip
    video = probe(tmp_path / "out" / "side_by_side.mp4")
    assert (video.frames, video.height, video.width) == (3 * 4, 24 + 16, 3 * 32)


def test_scores_are_means_over_the_clips_of_the_data_set(tmp_path):
    clips = make_clips(seed=4)
    methods = [ModuleMethod("true", _Returns(lambda v, h: v), {}), *make_methods(["temporal-copy"])]
    scores = mean_scores(score(methods, clips, tmp_path, num_pictures=0))
    expected = []
    for index in range(3):
        video, hole = clips[index]["video"][None] / 255, clips[index]["hole"][None].float()
        expected.append(frame_scores(methods[1].module(video, hole)["filled"], video, hole)["psnr_hole"].item())
    assert scores["temporal-copy"]["psnr_hole"] == pytest.approx(sum(expected) / 3, rel=1e-12)
    assert scores["true"]["psnr_hole"] < 100  # even it does not see the answer


def test_it_goes_on_and_other_clips_are_not_mixed_in(tmp_path):
    methods = make_methods(["mean-color"])
    before = score(methods, make_clips(), tmp_path / "one", num_pictures=0)
    lines = (tmp_path / "one" / "scored.0.jsonl").read_bytes()
    assert score(methods, make_clips(), tmp_path / "one", num_pictures=0)["scores"] == before["scores"]
    assert (tmp_path / "one" / "scored.0.jsonl").read_bytes() == lines
    with pytest.raises(ValueError, match="clips_sha256, seed"):
        score(methods, make_clips(seed=1), tmp_path / "one")
    with pytest.raises(ValueError, match=r"differs in clips_sha256\."):
        clips = InpaintingClips(SyntheticVideos(3), MaskMixture({"box": 1.0}, hole_share=(0.3, 0.4)), 4, 24, 32)
        score(methods, clips, tmp_path / "one")
    score(make_methods(["telea"]), make_clips(), tmp_path / "two", num_pictures=0)
    blocks, plain = compare([tmp_path / "one", tmp_path / "two"])
    assert list(plain["scores"]) == ["mean-color", "telea"] and blocks
    assert plain["differences"]["telea"]["drawn"]["mse"]["videos"] == 3


def test_inputs_are_written_and_results_from_files_are_scored(tmp_path):
    protocol = ValidationProtocol(make_clips())
    assert write_inputs(protocol, tmp_path) == 3
    for where in ("videos", "videos/drawn"):  # as they were written, or without the kind
        methods = make_methods([], results=[f"black:{tmp_path / where}"], one_cell=True)
        scores = mean_scores(score(methods, make_clips(), tmp_path / "run" / where, num_pictures=0))
        assert 0 < scores["black"]["psnr_hole"] < 15
        assert scores["black"]["psnr"] > scores["black"]["psnr_hole"]


def test_every_clip_has_a_name_of_its_own():
    videos = SyntheticVideos(2)
    mixed = MixedVideos({"a": videos, "b": SyntheticVideos(8, seed=1)}, {"a": 0.5, "b": 0.5})
    names = ValidationProtocol(make_clips(mixed)).video_names
    assert len(set(names)) == len(names) == len(mixed)
    assert names[:2] == [videos.name(0), videos.name(1)]


def test_too_many_unusable_videos_stop_it(tmp_path):
    class Broken(SyntheticVideos):
        def read_clip(self, *_):
            raise VideoError("It is torn.")

    with pytest.warns(BadVideoWarning), pytest.raises(ValueError, match="torn") as stopped:
        score(make_methods(["mean-color"]), make_clips(Broken(3)), tmp_path)
    assert not isinstance(stopped.value, VideoError)  # which would be one clip's problem


def test_a_trained_network_is_scored_again_each_time(tmp_path):
    weights, found = tmp_path / "generator.safetensors", []
    for seed in range(2):
        torch.manual_seed(seed)
        network = lgtsm.create_model("lgtsm", width=4).eval()
        lgtsm.save_model(network, weights)
        document = score_trained(make_clips(), network, weights, "mine", tmp_path / "evaluation")
        assert list(document["scores"]) == ["mean-color", "temporal-copy", "mine"]
        found.append(mean_scores(document)["mine"]["mse_hole"])
    assert found[0] != found[1]


class _Returns(torch.nn.Module):
    def __init__(self, fill):
        super().__init__()
        self.fill = fill

    def forward(self, video, hole):
        return {"filled": self.fill(video, hole)}
