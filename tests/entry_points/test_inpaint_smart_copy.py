"""`lgtsm inpaint --smart-copy`: what is copied, what is refused, what is said."""

from pathlib import Path

import av
import numpy as np
import pytest

from lgtsm.commands.inpaint import main
from tests.entry_points.calling import exit_code
from tests.video.test_smart_copy import FRAMES, GROUP, make, packets_of


@pytest.fixture
def source(tmp_path):
    """60 frames at 25 a second in groups of ten, with sound."""
    y, x = np.mgrid[:96, :160]
    pictures = [np.stack([x + 3 * t, y * 2, x + y], -1).astype(np.uint8) for t in range(FRAMES)]
    return make(tmp_path / "a.mp4", pictures)


def call(source, out, *words):
    return exit_code(main, source, "-o", out, "--method", "mean-color", *words)


@pytest.mark.parametrize("how", [("--box", "8,8,24,16@1s-1.4s"), ("--box", "8,8,24,16", "--between", "1s-1.4s")])
def test_what_is_outside_the_time_is_copied(source, tmp_path, capsys, how):
    out = tmp_path / "out.mp4"
    assert call(source, out, "--smart-copy", *how) == 0
    assert "copied" not in capsys.readouterr().err
    before, after = packets_of(source), packets_of(out)
    filled = range(2 * GROUP, 4 * GROUP)
    assert [one == other for one, other in zip(before, after, strict=True)] == [n not in filled for n in range(FRAMES)]
    assert [one[:2] for one in packets_of(source, "audio")] == [one[:2] for one in packets_of(out, "audio")]
    assert call(source, tmp_path / "all.mp4", *how) == 0
    assert not {one[0] for one in before} & {one[0] for one in packets_of(tmp_path / "all.mp4")}


def test_an_empty_mask_copies_the_file(source, tmp_path, capsys):
    np.save(tmp_path / "mask.npy", np.zeros((FRAMES, 96, 160), np.uint8))
    words = ("--mask", tmp_path / "mask.npy")
    assert call(source, tmp_path / "out.mp4", *words) == 2
    assert call(source, tmp_path / "out.mp4", "--smart-copy", *words) == 0
    assert (tmp_path / "out.mp4").read_bytes() == Path(source).read_bytes()
    assert "is copied as it is." in capsys.readouterr().err
    assert call(source, tmp_path / "again.mp4", "--smart-copy", *words, "--preview", tmp_path / "look.mp4") == 0
    assert "is copied as it is, without --preview." in capsys.readouterr().err
    assert call(source, tmp_path / "out.mkv", "--smart-copy", *words) == 0
    assert [one[0] for one in packets_of(source)] == [one[0] for one in packets_of(tmp_path / "out.mkv")]


def test_what_cannot_be_copied_is_said(source, tmp_path, capsys):
    assert call(source, tmp_path / "out.webm", "--smart-copy", "--box", "8,8,24,16@1s-1.4s", "--no-sound") == 0
    said = capsys.readouterr().err
    assert "Nothing of out.webm is copied with --smart-copy, all is encoded: groups are copied only of H.264" in said
    with av.open(str(tmp_path / "out.webm")) as container:
        assert sum(1 for _ in container.decode(video=0)) == FRAMES


@pytest.mark.parametrize("words", [("--codec", "libx264"), ("--lossless",)])
def test_contradictions_are_refused(source, tmp_path, capsys, words):
    assert call(source, tmp_path / "out.mp4", "--smart-copy", "--box", "8,8,24,16", *words) == 2
    assert "--smart-copy keeps the codec of VIDEO" in capsys.readouterr().err
    assert not (tmp_path / "out.mp4").exists()
