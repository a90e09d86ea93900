"""Every system of the paper's tables, from its weights through the command lines."""

import json

import cv2
import numpy as np
import pytest
import torch

import lgtsm
from lgtsm.commands import evaluate
from lgtsm.commands.inpaint import main
from lgtsm.video.open import open_video
from tests.data_trees import write_frames
from tests.end_to_end.composing import composed

OPTIONS = {"edge_connect": {"residual_blocks": 1}, "combcn": {"coarse_width": 2}, "gated3d": {"spectral_norm": True}}
NETWORKS = lgtsm.list_models(networks=True)
SIZE = (4, 32, 40)


@pytest.fixture
def clip():
    rng = np.random.default_rng(0)
    picture = cv2.resize(rng.integers(0, 255, (5, 7, 3), dtype=np.uint8), SIZE[:0:-1], interpolation=cv2.INTER_CUBIC)
    return np.stack([np.roll(picture, 2 * t, axis=1) for t in range(SIZE[0])])


@pytest.fixture
def pair(tmp_path, clip):
    """A folder of frames, and one of masks with a box that moves."""
    hole = np.zeros(SIZE, np.uint8)
    for t, (frame, mask) in enumerate(zip(clip, hole)):
        mask[8:20, 10 + 2 * t : 22 + 2 * t] = 255
        for folder, image in (("video", frame[..., ::-1]), ("mask", mask)):
            (tmp_path / folder).mkdir(exist_ok=True)
            cv2.imwrite(str(tmp_path / folder / f"{t:03d}.png"), image)
    return tmp_path / "video", tmp_path / "mask", hole > 0


def saved(name, folder):
    torch.manual_seed(0)
    model = lgtsm.create_model(name, width=4, **OPTIONS.get(name, {}))
    path = folder / f"{name}.safetensors"
    lgtsm.save_model(model, path)
    return path


def filled_by_hand(model, clip, hole):
    video = torch.from_numpy(clip).float().permute(0, 3, 1, 2)[None] / 255
    with torch.no_grad():
        filled = model(video, torch.from_numpy(hole).float()[None, :, None])["filled"]
    return (filled[0].clamp(0, 1) * 255).round().byte().permute(0, 2, 3, 1).numpy()


@pytest.mark.parametrize("name", NETWORKS)
def test_inpaint_fills_as_the_network_does(name, tmp_path, pair, clip):
    video, mask, hole = pair
    path = saved(name, tmp_path)
    main([str(w) for w in (video, "--mask", mask, "-o", tmp_path / "out", "--checkpoint", path, "--precision", "fp32")])
    with open_video(tmp_path / "out", "pyav") as reader:
        frames = reader.read(range(len(reader)))
    expected = filled_by_hand(lgtsm.load_model(path).eval(), clip, hole).astype(int)
    assert np.abs(frames - expected).max() <= 1
    assert np.abs(expected - clip)[hole].mean() > 1  # the compared network does change the hole
    assert np.array_equal(frames[~hole], clip[~hole])


@pytest.mark.parametrize("name", ["key-frames", "tccds", "flow-copy"])
def test_inpaint_fills_without_a_network(name, tmp_path, pair, clip):
    video, mask, hole = pair
    main([str(w) for w in (video, "--mask", mask, "-o", tmp_path / "out", "--method", name)])
    with open_video(tmp_path / "out", "pyav") as reader:
        frames = reader.read(range(len(reader)))
    expected = filled_by_hand(lgtsm.create_model(name), clip, hole).astype(int)
    assert np.abs(frames - expected).max() <= 1
    assert np.array_equal(frames[~hole], clip[~hole])


@pytest.mark.parametrize("name", ["gated3d", "combcn", "edge_connect"])
def test_evaluate_scores_the_network(name, tmp_path):
    for number in range(2):
        write_frames(tmp_path / "videos" / f"video{number}", num_frames=3, height=32, width=40, shade=90 * number)
    path = saved(name, tmp_path)
    options = [
        "protocol=paper_fvi", f"protocol.videos={tmp_path / 'videos'}", "protocol.num_frames=3", "protocol.height=32",
        "protocol.width=40", "protocol.centers=[25]", "protocol.kinds=[object_like]", "methods=[mean-color]",
        f"checkpoint={path}", f"name={name}", "num_pictures=0", f"paths.run={tmp_path / 'run'}",
        *(f"metric.{metric}=null" for metric in ("lpips", "video_fid_eval", "video_fid_batch_statistics")),
    ]  # fmt: skip
    scores = evaluate.run(composed("evaluate", *options))
    assert list(scores) == ["mean-color", name]
    assert scores[name]["mse_hole"] > 0
    assert scores[name]["psnr_hole"] != scores["mean-color"]["psnr_hole"]
    efficiency = json.loads((tmp_path / "run" / "metrics.json").read_text())["efficiency"][name]
    assert efficiency["parameters"] == sum(p.numel() for p in lgtsm.load_model(path).parameters())
