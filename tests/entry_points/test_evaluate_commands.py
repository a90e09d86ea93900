"""`evaluate` by a paper's protocol and `compare`, as a user types them."""

import json

import cv2
import numpy as np
import pytest

import lgtsm
from lgtsm.commands import compare
from lgtsm.commands.evaluate import make_metrics, run
from lgtsm.precision import Choice
from tests.end_to_end.composing import composed


@pytest.fixture
def videos(tmp_path):
    rng = np.random.default_rng(0)
    for name in ("a", "b"):
        (tmp_path / "videos" / name).mkdir(parents=True)
        for t in range(3):
            cv2.imwrite(str(tmp_path / "videos" / name / f"{t}.png"), rng.integers(0, 255, (32, 40, 3), dtype=np.uint8))
    return tmp_path / "videos"


def small(videos, *overrides):
    no_weights = [f"metric.{name}=null" for name in ("lpips", "video_fid_eval", "video_fid_batch_statistics")]
    size = [
        "protocol.num_frames=2",
        "protocol.height=24",
        "protocol.width=32",
        "protocol.centers=[25]",
        "protocol.kinds=[box]",
    ]
    return composed(
        "evaluate", "protocol=paper_faceforensics", f"protocol.videos={videos}", *size, *no_weights, *overrides
    )


def test_a_protocol_run_goes_on_and_two_of_them_are_compared(tmp_path, videos, capsys):
    scores = run(small(videos, f"paths.run={tmp_path}/one"))
    assert set(scores) == {"mean-color", "temporal-copy"}
    assert {"mse", "warping_error_hole", "flicker_hole"} <= set(scores["mean-color"])
    assert "report.html" in capsys.readouterr().out
    before = (tmp_path / "one" / "scored.0.jsonl").read_bytes()
    assert run(small(videos, f"paths.run={tmp_path}/one")) == scores
    assert (tmp_path / "one" / "scored.0.jsonl").read_bytes() == before
    run(small(videos, f"paths.run={tmp_path}/two", "methods=[mean-color,telea]"))
    compare.main([f"{tmp_path}/one", f"{tmp_path}/two", "--against", "mean-color", "-o", f"{tmp_path}/table"])
    printed = capsys.readouterr().out
    assert "Differences from mean-color" in printed
    endings = {path.suffix for path in (tmp_path / "table").glob("comparison.*")}
    assert endings == {".md", ".html", ".tex", ".csv", ".json"}
    with pytest.raises(SystemExit) as stopped:
        compare.main([f"{tmp_path}/videos"])
    assert stopped.value.code == 2
    assert "metrics.json" in capsys.readouterr().err


def test_inputs_are_written_for_others(tmp_path, videos):
    assert run(small(videos, f"write_inputs={tmp_path}/in")) == {}
    mask = cv2.imread(str(tmp_path / "in" / "masks" / "box" / "25" / "a" / "00001.png"), 0)
    frame = cv2.imread(str(tmp_path / "in" / "videos" / "box" / "25" / "a" / "00001.png"))
    assert set(np.unique(mask)) == {0, 255}
    assert (frame[mask == 255] == 0).all()


def test_a_metric_that_cannot_run_says_why(monkeypatch, tmp_path):
    def refuse(*_, **__):
        raise OSError("no network")

    monkeypatch.setenv("LGTSM_WEIGHTS", str(tmp_path))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr("torch.hub.download_url_to_file", refuse)
    monkeypatch.setattr("lgtsm.features.stlpips.PACKAGE", "stlpips_pytorch_that_is_absent")
    metrics, unavailable = make_metrics(composed("evaluate", "metric=raft").metric, "cpu")
    assert list(metrics) == ["frame_quality", "flicker_hole"]
    assert unavailable["stlpips"][0] == "no package stlpips_pytorch_that_is_absent"
    assert "pip install lgtsm[perceptual]" in unavailable["stlpips"][1]
    assert unavailable["lpips"][0] == "no weights alexnet-owt-7be5be79.pth"
    assert unavailable["warping_error_raft_large"][0].startswith("no weights raft_large")
    assert (
        unavailable["video_fid_eval"][0] == unavailable["video_fid_batch_statistics"][0] == "no weights rgb_imagenet.pt"
    )


def test_videos_and_a_device_that_is_there_must_be_named():
    with pytest.raises(ValueError, match="got 'gpu9'"):
        run(composed("evaluate", "protocol=paper_fvi", "device=gpu9"))
    with pytest.raises(ValueError, match=r"protocol\.videos"):
        run(composed("evaluate", "protocol=paper_fvi"))
    with pytest.raises(ValueError, match=r"needs data/FVI/Test/JPEGImages/.*set data\.root"):
        run(composed("evaluate", "data=fvi"))
    with pytest.raises(ValueError, match=r"^data\.root"):
        run(composed("evaluate", "data=davis"))


@pytest.fixture
def network(tmp_path):
    lgtsm.save_model(lgtsm.create_model("lgtsm", width=4), tmp_path / "network.safetensors")
    return f"checkpoint={tmp_path}/network.safetensors"


def test_the_precision_of_the_network_is_part_of_what_it_is(tmp_path, videos, network, monkeypatch, capsys):
    def choose(name):
        monkeypatch.setattr("lgtsm.precision.choose_precision", lambda device: Choice(name, "a test"))

    def document():
        return json.loads((tmp_path / "run" / "metrics.json").read_text())

    words = network, f"paths.run={tmp_path}/run", "methods=[temporal-copy]"
    choose("bf16")
    scores = run(small(videos, *words))
    assert "lgtsm evaluate: precision bf16: a test" in capsys.readouterr().err
    assert document()["methods"]["network"]["precision"] == "bf16"
    assert "precision" not in document()["methods"]["temporal-copy"]
    assert "precision bf16" in (tmp_path / "run" / "report.md").read_text()
    assert "precision: bf16" in (tmp_path / "run" / "config.yaml").read_text()
    choose("fp32")  # on another machine, the evaluation continues
    assert run(small(videos, *words)) == scores
    assert f"precision bf16: the evaluation in {tmp_path}/run" in capsys.readouterr().err
    with pytest.raises(ValueError, match=r"'network'.*'precision': 'fp32'"):
        run(small(videos, *words, "precision=fp32"))
    exact = run(small(videos, network, f"paths.run={tmp_path}/exact", "precision=fp32"))
    assert exact["network"]["mse_hole"] == pytest.approx(scores["network"]["mse_hole"], rel=0.05)
    assert exact["network"]["mse_hole"] != scores["network"]["mse_hole"]
    assert exact["temporal-copy"] == scores["temporal-copy"]


def test_the_precision_is_said_after_the_checkpoint_is_read(tmp_path, videos, capsys):
    (tmp_path / "bad.safetensors").write_bytes(b"bad")
    with pytest.raises(ValueError, match="weight file"):
        run(small(videos, f"checkpoint={tmp_path}/bad.safetensors", f"paths.run={tmp_path}/run"))
    assert "precision" not in capsys.readouterr().err


def test_validation_clips_are_scored_in_the_precision_that_is_said(tmp_path, network, monkeypatch, capsys):
    monkeypatch.setattr("lgtsm.precision.choose_precision", lambda device: Choice("bf16", "a test"))
    tiny = "height=16", "width=16", "num_frames=2", f"paths.run={tmp_path}/run"
    run(composed("evaluate", network, *tiny))
    assert "precision bf16: a test" in capsys.readouterr().err
    document = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert document["methods"]["network"]["precision"] == "bf16"
    assert "precision: bf16" in (tmp_path / "run" / "config.yaml").read_text()
    scores = run(composed("evaluate", f"paths.run={tmp_path}/fillers", *tiny[:3], "methods=[key-frames,smooth-fill]"))
    assert list(scores) == ["key-frames", "smooth-fill"]
    assert "precision" not in capsys.readouterr().err
    with pytest.raises(ValueError, match=r"precision .*'auto'.*'int8'"):
        config = composed("evaluate", *tiny)
        config.precision = "int8"
        run(config)
