"""The protocol of later papers: whole videos, masks of their own, 8-bit frames, published rows."""

import cv2
import numpy as np
import pytest
import torch
from hydra import compose, initialize_config_dir

from lgtsm.config.build import build
from lgtsm.config.folder import config_folder
from lgtsm.evaluation.methods import make_methods
from lgtsm.evaluation.object_protocol import ObjectProtocol
from lgtsm.evaluation.run import evaluate
from lgtsm.metrics import FrameQuality, PeerQuality

SIZE = {"height": 70, "width": 90}
LENGTHS = {"bear": 4, "camel": 6, "dance": 3, "extra": 5}


@pytest.fixture
def davis(tmp_path):
    """Four videos of an object that moves a pixel a frame; three have stationary masks, whose rows tell them apart."""
    rng = np.random.default_rng(0)
    for number, (name, length) in enumerate(LENGTHS.items()):
        for t in range(length):
            frame = cv2.resize(rng.integers(0, 255, (8, 12, 3), dtype=np.uint8), (120, 80))
            annotation = np.zeros((80, 120), np.uint8)
            annotation[40:60, 10 + 8 * number + t : 30 + 8 * number + t] = 38  # a label of DAVIS, not 255
            still = np.zeros((80, 120), np.uint8)
            still[8 * number : 8 * number + 8, 60:90] = 255
            for place, image, ending in (
                ("JPEGImages/480p", frame, "jpg"),
                ("Annotations/480p", annotation, "png"),
                ("test_masks", still, "png"),
            ):
                if place == "test_masks" and name == "extra":
                    continue
                folder = tmp_path / place / name
                folder.mkdir(parents=True, exist_ok=True)
                cv2.imwrite(str(folder / f"{t:05d}.{ending}"), image)
    return tmp_path


def test_holes_are_the_still_ones_and_the_objects_of_the_next_video(davis):
    protocol = ObjectProtocol("x", davis, num_videos=3, **SIZE, dilate=0)
    assert protocol.video_names == ["bear", "camel", "dance"]  # the fourth has no mask
    assert protocol.describe()["published_test_set"]
    for unit in protocol.units():
        video, hole = protocol.read(unit)
        assert video.shape == (1, LENGTHS[unit.name], 3, 70, 90)
        columns = [torch.nonzero(frame[0].any(0)).flatten() for frame in hole[0]]
        if unit.kind == "stationary":
            assert (hole == hole[:, :1]).all()
            top = torch.nonzero(hole[0, 0, 0].any(1)).min().item()
            assert abs(top - 8 * unit.video * 70 / 80) <= 1
        else:
            following = (unit.video + 1) % 3
            for t, found in enumerate(columns):  # a shorter video keeps its last mask
                last = min(t, list(LENGTHS.values())[following] - 1)
                assert abs(found.min().item() - (10 + 8 * following + last) * 90 / 120) <= 1
    few = ObjectProtocol("x", davis, num_videos=3, **SIZE, limit=2)  # of those with masks, and not of all four
    assert few.video_names == ["bear", "camel"]
    wider = ObjectProtocol("x", davis, num_videos=3, **SIZE, dilate=3)
    first = protocol.units()[0]
    assert wider.read(first)[1].sum() > protocol.read(first)[1].sum()


def test_the_report_shows_published_rows_and_scores_8_bit_frames(davis, tmp_path):
    rows = [{"method": "E2FGVI", "psnr_of_frames": 33.01, "ssim_uniform": 0.9721, "source": "its README"}]
    protocol = ObjectProtocol("peers", davis, num_videos=50, **SIZE, published=rows)
    metrics = {"peers": PeerQuality(), "quality": FrameQuality()}
    document = evaluate(protocol, make_methods(["mean-color"]), metrics, {}, tmp_path / "run", num_pictures=0)
    report = (tmp_path / "run" / "report.md").read_text()
    assert "| E2FGVI | 33.01 " in report and "its README" in report
    assert "; all frames, 90x70 (stretched" in report and "rounded to 8 bits" in report
    assert "These clips and holes are not the published test set" in report  # three, not 50
    assert document["scores"]["mean-color"]["stationary"]["psnr_of_frames"]["videos"] == 3


def test_what_is_missing_is_named(davis):
    with pytest.raises(ValueError, match=r"stored as .*nowhere/<video>.*JPEGImages, test_masks.*protocol.masks=drawn"):
        ObjectProtocol("x", davis, 50, masks=davis / "nowhere")
    with pytest.raises(ValueError, match=r"no folder .*lgtsm get_data davis"):
        ObjectProtocol("x", davis / "nowhere", 50)
    with pytest.raises(ValueError, match="one of 'stationary', 'object'; got 'moving'"):
        ObjectProtocol("x", davis, 50, kinds=["moving"])
    (davis / "others" / "zebra").mkdir(parents=True)
    cv2.imwrite(str(davis / "others" / "zebra" / "00000.png"), np.full((8, 8), 255, np.uint8))
    with pytest.raises(ValueError, match="zebra and bear"):
        ObjectProtocol("x", davis, 50, masks=davis / "others")
    drawn = ObjectProtocol("x", davis, 4, masks="drawn", kinds=["stationary"], **SIZE)
    hole = drawn.read(drawn.units()[3])[1]
    assert (hole == hole[:, :1]).all() and 0.05 <= hole.mean() < 0.25
    assert not drawn.is_published_set


@pytest.mark.parametrize("name", ["davis_432x240", "youtube_vos_432x240"])
def test_configured_protocols_are_built(name, davis):
    with initialize_config_dir(config_folder(), version_base="1.3"):
        config = compose("evaluate", [f"protocol={name}", f"protocol.videos={davis}"])
    protocol = build(config.protocol, "protocol")
    assert protocol.size == (None, 240, 432)
    assert protocol.name == name
    assert all(row["source"] for row in protocol.published)
    assert "peer_quality" in config.metric
