import numpy as np
import pytest
import torch

from lgtsm.ops.edges import canny, to_gray


@pytest.fixture
def stored(data_folder):
    data = np.load(data_folder / "official" / "canny.npz")
    gray = torch.from_numpy(data["gray"])[:, None].double() / 255
    bits = {key: torch.from_numpy(np.unpackbits(data[key], axis=-1))[:, None] for key in data if key != "gray"}
    return gray, bits


def test_it_equals_scikit_image_on_real_frames(stored):
    gray, bits = stored
    assert torch.equal(canny(gray), bits["edges"].double())
    assert torch.equal(canny(gray, bits["known"]), bits["edges_known"].double())
    assert torch.equal(canny(gray, sigma=1.0), bits["edges_sigma_1"].double())
    assert bits["edges"].any()


def test_unknown_pixels_are_never_looked_at(stored):
    gray, bits = stored
    poisoned = gray.masked_fill(bits["known"] == 0, float("nan"))
    assert torch.equal(canny(poisoned, bits["known"]), canny(gray, bits["known"]))
    assert not canny(gray, torch.zeros_like(gray)).any()


@pytest.mark.parametrize("size", [(1, 1), (2, 7), (40, 3)])
def test_small_frames_and_types(size):
    for dtype in (torch.float32, torch.bfloat16):
        edges = canny(torch.rand(2, 1, *size).to(dtype))
        assert edges.shape == (2, 1, *size)
        assert edges.dtype == dtype


def test_a_step_is_one_line_and_a_weak_one_is_none():
    step = torch.zeros(1, 1, 20, 20)
    step[..., 10:] = 1
    step[..., 9] = 0.3  # so that the two sides do not tie
    edges = canny(step)[0, 0]
    assert (edges[1:-1].sum(1) == edges[1].sum()).all()
    assert edges[:, 8:12].any()
    assert not edges[:, :8].any()
    assert not canny(0.05 * step).any()


def test_gray_keeps_gray():
    torch.testing.assert_close(to_gray(torch.full((1, 3, 2, 2), 0.3)), torch.full((1, 1, 2, 2), 0.3))
