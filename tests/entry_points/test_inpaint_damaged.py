"""`lgtsm inpaint` on damaged videos: what is missing is said, `--strict` refuses, nothing lies beside the output."""

import re
import warnings

import numpy as np
import pytest

from lgtsm.commands.inpaint import main
from lgtsm.inference.inpainter import Inpainter
from lgtsm.models.catalog import create_model
from lgtsm.video.mask_choice import MaskChoice
from lgtsm.video.probe import probe
from tests.video.mutations import pictures, write_video

FAST = ["--box", "20,16,20,16", "--method", "temporal-copy"]


@pytest.fixture
def cut(tmp_path):
    """A Matroska file of 12 noisy pictures, cut at 90 %."""
    rng = np.random.default_rng(0)
    noise = [rng.integers(0, 255, (48, 64, 3), np.uint8) for _ in range(12)]
    write_video(tmp_path / "cut.mkv", noise, "mjpeg", "yuvj420p")
    data = (tmp_path / "cut.mkv").read_bytes()
    (tmp_path / "cut.mkv").write_bytes(data[: int(0.9 * len(data))])
    return tmp_path / "cut.mkv"


def test_a_file_that_was_cut_off_is_filled_and_said(cut, tmp_path, capsys):
    out = tmp_path / "out.mkv"
    main([str(cut), *FAST, "-o", str(out)])
    said = capsys.readouterr().err
    held = probe(cut).frames
    assert 8 <= held < 12
    assert re.search(rf"lgtsm inpaint: {re.escape(str(cut))} is cut off: it holds {held} of about 12 pictures", said)
    assert said.count("cut off") == 1 and probe(out).frames == held


def test_strict_refuses_it(cut, tmp_path, capsys):
    before = sorted(tmp_path.iterdir())
    for words in (["-o", str(tmp_path / "out.mkv")], ["--dry-run"]):
        with pytest.raises(SystemExit) as end:
            main([str(cut), *FAST, "--strict", *words])
        said = capsys.readouterr().err
        assert (
            end.value.code == 2
            and "of about 12 pictures" in said
            and said.rstrip().endswith("Leave out --strict to take it as it is.")
        )
    assert sorted(tmp_path.iterdir()) == before


def test_strict_takes_what_is_whole(tmp_path, capsys):
    write_video(tmp_path / "a.mkv", pictures(), "mjpeg", "yuvj420p")
    main([str(tmp_path / "a.mkv"), *FAST, "--strict", "-o", str(tmp_path / "out.mkv")])
    assert probe(tmp_path / "out.mkv").frames == 6


def test_a_batch_says_it_or_lets_it_fail(cut, tmp_path, capsys):
    (tmp_path / "in").mkdir()
    cut.rename(tmp_path / "in" / "cut.mkv")
    write_video(tmp_path / "in" / "whole.mkv", pictures(), "mjpeg", "yuvj420p")
    words = [str(tmp_path / "in"), *FAST, "--batch", "-o", str(tmp_path / "out")]
    with pytest.raises(SystemExit) as end:
        main([*words, "--strict"])
    assert end.value.code == 1
    assert [path.name for path in sorted((tmp_path / "out").glob("*.*")) if not path.name.startswith(".")] == [
        "whole.mkv"
    ]
    capsys.readouterr()
    main(words)
    captured = capsys.readouterr()
    assert "cut off: it holds" in captured.err and (tmp_path / "out" / "cut.mkv").exists()


def test_the_library_warns(cut, tmp_path):
    inpainter = Inpainter(create_model("temporal-copy"), "cpu")
    with pytest.warns(UserWarning, match=r"cut off: it holds .* of about 12 pictures"):
        inpainter.fill_file(cut, MaskChoice(boxes=((20, 16, 20, 16),)), tmp_path / "out.mkv")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        inpainter.fill_file(probe(cut), MaskChoice(boxes=((20, 16, 20, 16),)), tmp_path / "again.mkv")
