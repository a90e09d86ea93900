import json

import cv2
import numpy as np

from lgtsm.classical import MeanColor
from lgtsm.data.clips import InpaintingClips
from lgtsm.data.synthetic import SyntheticVideos
from lgtsm.masks import MaskMixture
from lgtsm.metrics.report import write_report
from lgtsm.video.pictures import mark_hole, side_by_side, strip, write_png


def test_report_holds_table_numbers_and_pictures(tmp_path):
    clips = InpaintingClips(SyntheticVideos(3), MaskMixture({"box": 1.0}), 4, 24, 32)
    scores = write_report({"gray": MeanColor()}, clips, tmp_path / "out", shown="gray", about={"seed": 1})
    document = json.loads((tmp_path / "out" / "metrics.json").read_text())
    assert document == {"schema": "lgtsm-validation-1", "clips": 3, "about": {"seed": 1}, "scores": scores}
    assert f"{scores['gray']['psnr_hole']:.2f} dB" in (tmp_path / "out" / "report.md").read_text()
    image = cv2.imread(str(tmp_path / "out" / "strip_0.png"))
    assert image.shape == (3 * (24 + 16), 4 * 32, 3)
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == [
        "metrics.json", "report.md", "side_by_side.mp4", "strip_0.png", "strip_1.png", "strip_2.png"
    ]  # fmt: skip


def test_pictures_are_laid_out_as_said(tmp_path):
    first = np.arange(5, dtype=np.uint8)[:, None, None, None] * np.ones((5, 4, 6, 3), np.uint8)
    image = strip({"a": first, "b": first + 100}, max_frames=3)
    assert image.shape == (2 * (16 + 4), 3 * 6, 3)
    assert image[16, ::6, 0].tolist() == [0, 2, 4]
    assert image[16 + 4 + 16, ::6, 0].tolist() == [100, 102, 104]
    joined = side_by_side({"a": first, "b": first + 100})
    assert joined.shape == (5, 20, 12, 3)
    assert joined[3, -1, [0, 11], 0].tolist() == [3, 103]
    hole = np.zeros((5, 4, 6), np.uint8)
    hole[:, 1, 1] = 1
    marked = mark_hole(first, hole)
    assert marked[4, 1, 1].tolist() == [255, 0, 255]
    assert marked[4, 0, 0].tolist() == [4, 4, 4]
    write_png(tmp_path / "deep" / "image.png", image)
    assert np.array_equal(cv2.imread(str(tmp_path / "deep" / "image.png"))[..., ::-1], image)
