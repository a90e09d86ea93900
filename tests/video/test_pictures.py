import cv2
import numpy as np

from lgtsm.video.pictures import mark_hole, side_by_side, strip, write_png


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
