"""What files of one image hold, against the arrays that were saved."""

import av
import numpy as np
import pytest
from PIL import Image

from lgtsm.video.errors import VideoError
from lgtsm.video.mask_image import read_mask_image
from lgtsm.video.mask_reader import read_mask

HOLE = np.zeros((12, 16), np.uint8)
HOLE[3:8, 4:11] = 1


def painted(color, background, alpha, outside):
    """RGBA: a color with an alpha in the hole, and around it."""
    inside = HOLE[..., None] > 0
    return np.where(inside, np.uint8((*color, alpha)), np.uint8((*background, outside)))


@pytest.mark.parametrize(
    ("background", "color", "outside", "dark"),
    [
        ((0, 0, 0), (0, 0, 0), 0, True),  # black everywhere
        ((255, 255, 255), (0, 0, 0), 0, True),  # black paint on white that does not show
        ((90, 20, 30), (90, 20, 30), 0, True),
        ((0, 0, 0), (0, 0, 0), 40, True),
        ((255, 255, 255), (255, 255, 255), 0, False),
        ((0, 0, 0), (255, 0, 0), 0, False),
    ],
)
@pytest.mark.parametrize("name", ["mask.png", "mask.tif", "mask.webp"])
def test_the_alpha_counts_where_it_alone_differs(tmp_path, background, color, outside, dark, name):
    Image.fromarray(painted(color, background, 255, outside)).save(tmp_path / name, lossless=True, exact=True)
    said = []
    np.testing.assert_array_equal(read_mask(tmp_path / name, 1, 12, 16, notice=said.append)[0], HOLE)
    assert len(said) == dark and all("alpha" in one and "`invert`" in one for one in said)
    kept = read_mask(tmp_path / name, 1, 12, 16, invert=True)
    np.testing.assert_array_equal(kept[0], 1 - HOLE)


def test_alpha_with_colors_hides_them(tmp_path):
    """White paint counts where it shows; what is transparent is not masked."""
    picture = painted((255, 255, 255), (0, 0, 0), 255, 255)
    picture[:, 8:, 3] = 0
    Image.fromarray(picture).save(tmp_path / "mask.png")
    expected = HOLE.copy()
    expected[:, 8:] = 0
    np.testing.assert_array_equal(read_mask(tmp_path / "mask.png", 1, 12, 16)[0], expected)


def test_a_frame_where_nothing_is_painted(tmp_path):
    for t, alpha in enumerate((255, 0, 255)):
        Image.fromarray(painted((0, 0, 0), (0, 0, 0), alpha, 0)).save(tmp_path / f"{t}.png")
    holes = read_mask(tmp_path, 3, 12, 16)
    np.testing.assert_array_equal(holes, np.stack([HOLE, 0 * HOLE, HOLE]))


@pytest.mark.parametrize(
    ("name", "image"),
    [
        ("1 bit.png", lambda: Image.fromarray(HOLE > 0)),
        ("1 bit.tif", lambda: Image.fromarray(HOLE > 0)),
        ("0 and 1.png", lambda: Image.fromarray(HOLE)),
        ("0 and 1 in 16 bits.png", lambda: Image.fromarray(HOLE.astype(np.uint16))),
        ("0 and 255 in 16 bits.png", lambda: Image.fromarray(HOLE.astype(np.uint16) * 255)),
        ("0 and 65535.png", lambda: Image.fromarray(HOLE.astype(np.uint16) * 65535)),
        ("0 and 1000.png", lambda: Image.fromarray(HOLE.astype(np.uint16) * 1000)),
        ("0 and 255 in 32 bits.tif", lambda: Image.fromarray(HOLE.astype(np.int32) * 255)),
        ("0 and 1 as fractions.tif", lambda: Image.fromarray(HOLE.astype(np.float32))),
        ("soft fractions.tif", lambda: Image.fromarray(HOLE * np.float32(0.7) + np.float32(0.1))),
        ("0 and 255 as fractions.tif", lambda: Image.fromarray(HOLE * np.float32(255))),
        ("gray and alpha.png", lambda: Image.fromarray(np.dstack([HOLE * 255, 0 * HOLE + 255]))),
        ("gray.jpg", lambda: Image.fromarray(HOLE.repeat(8, 0).repeat(8, 1) * 255)),
    ],
)
def test_every_depth(tmp_path, name, image):
    image().save(tmp_path / name)
    size = image().size[::-1]
    expected = HOLE.repeat(size[0] // 12, 0).repeat(size[0] // 12, 1)
    np.testing.assert_array_equal(read_mask(tmp_path / name, 1, *size)[0], expected)


def test_entries_of_a_palette_are_kept_where_labels_are_asked_for(tmp_path):
    image = Image.fromarray(HOLE * 3, "P")
    image.putpalette([0, 0, 0, 9, 9, 9, 80, 0, 0, 0, 70, 0])
    image.save(tmp_path / "mask.png")
    np.testing.assert_array_equal(read_mask_image(tmp_path / "mask.png", labels=True).levels, HOLE * 3)
    np.testing.assert_array_equal(read_mask_image(tmp_path / "mask.png").levels, HOLE * 255)


@pytest.mark.parametrize("codec", ["png", "qtrle", "prores_ks", "libvpx-vp9"])
@pytest.mark.parametrize("white", [0, 255])
def test_a_film_with_alpha(tmp_path, codec, white):
    """Black paint on nothing, and white paint that does not show everywhere."""
    alpha = HOLE.repeat(8, 0).repeat(8, 1) * 255
    pix_fmt = {"png": "rgba", "qtrle": "argb", "prores_ks": "yuva444p10le", "libvpx-vp9": "yuva420p"}[codec]
    path = tmp_path / ("mask.webm" if codec == "libvpx-vp9" else "mask.mov")
    with av.open(str(path), "w") as out:
        stream = out.add_stream(codec, rate=25)
        stream.height, stream.width, stream.pix_fmt = *alpha.shape, pix_fmt
        for _ in range(3):
            frame = np.dstack([np.full((*alpha.shape, 3), white, np.uint8), alpha])
            out.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgba")))
        out.mux(stream.encode(None))
    said = []
    holes = read_mask(path, 3, *alpha.shape, notice=said.append)
    np.testing.assert_array_equal(holes, np.stack([alpha // 255] * 3))
    assert len(said) == (white == 0) and all(f"{path.name} is dark" in one for one in said)


def test_one_alpha_all_over_is_no_mask(tmp_path):
    Image.fromarray(painted((255, 255, 255), (0, 0, 0), 200, 200)).save(tmp_path / "mask.png")
    np.testing.assert_array_equal(read_mask(tmp_path / "mask.png", 1, 12, 16)[0], HOLE)
    Image.fromarray(painted((0, 0, 0), (0, 0, 0), 200, 200)).save(tmp_path / "mask.png")
    with pytest.raises(VideoError, match=r"no pixel.*white"):
        read_mask(tmp_path / "mask.png", 1, 12, 16)
