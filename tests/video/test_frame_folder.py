import cv2
import numpy as np
import pytest
from PIL import Image

from lgtsm.video import VideoError, open_video


def save(path, picture):
    cv2.imwrite(str(path), picture[..., ::-1] if picture.ndim == 3 and picture.shape[2] == 3 else picture)


def test_natural_order_and_exact_pixels(tmp_path, make_clip):
    clip = make_clip(11)
    for index, frame in enumerate(clip):
        save(tmp_path / f"frame{index}.png", frame)
    (tmp_path / "notes.txt").touch()
    with open_video(tmp_path, fps=30) as reader:
        assert (len(reader), reader.height, reader.width, reader.fps) == (11, 36, 52, 30)
        np.testing.assert_array_equal(np.stack(list(reader)), clip)
        np.testing.assert_array_equal(reader.read([10, 2, 2]), clip[[10, 2, 2]])
        assert reader.read([]).shape == (0, 36, 52, 3)
        with pytest.raises(VideoError, match=r"index 11"):
            reader.read([11])


def test_gray_16_bit_palette_and_transparent_images(tmp_path):
    gray = np.arange(48, dtype=np.uint8).reshape(6, 8) * 5
    color = np.stack([gray, 255 - gray, gray // 2], -1)
    Image.fromarray(gray).save(tmp_path / "0.png")
    save(tmp_path / "1.png", gray.astype(np.uint16) * 257)
    Image.fromarray(np.dstack([color, gray])).save(tmp_path / "2.png")
    picture = Image.fromarray(gray).convert("P")
    picture.save(tmp_path / "3.png")
    with open_video(tmp_path) as reader:
        frames = reader.read(range(4))
    for index in (0, 1, 3):
        np.testing.assert_array_equal(frames[index], np.repeat(gray[..., None], 3, -1))
    np.testing.assert_array_equal(frames[2], color)


def test_jpegs_are_turned_as_their_tag_says(tmp_path):
    picture = Image.fromarray(np.full((16, 32, 3), 90, np.uint8))
    exif = Image.Exif()
    exif[0x0112] = 6
    picture.save(tmp_path / "0.jpg", exif=exif)
    with open_video(tmp_path) as reader:
        assert (reader.height, reader.width) == (32, 16)


def test_one_of_another_size_is_named(tmp_path):
    for index, size in enumerate([(8, 6), (8, 6), (9, 6)]):
        Image.new("RGB", size).save(tmp_path / f"{index}.png")
    with pytest.raises(VideoError, match=r"0.png .*8x6 .*2.png .*9x6"):
        open_video(tmp_path)


def test_folders_without_frames_and_broken_images(tmp_path):
    with pytest.raises(VideoError, match=r"frames .* none"):
        open_video(tmp_path)
    (tmp_path / "a.mp4").touch()
    with pytest.raises(VideoError, match=r"1 video file"):
        open_video(tmp_path)
    (tmp_path / "0.png").write_text("no image")
    with pytest.raises(VideoError, match=r"0.png .*image"):
        open_video(tmp_path)
