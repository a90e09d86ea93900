"""What `lgtsm inpaint` says of sound and of all else that it could not keep."""

import av
import numpy as np
import pytest

from lgtsm.commands.inpaint import main
from lgtsm.video.encoding import Encoding
from lgtsm.video.probe import probe
from lgtsm.video.writer import VideoWriter
from tests.entry_points.test_inpaint_media import call, write_film


def spoil_sound(path):
    """Give the tenth packet of sound of a Matroska file the time of the eighth; return its sound."""
    with av.open(str(path)) as container:
        sound = [bytes(packet) for packet in container.demux(audio=0) if packet.size]
    data = bytearray(path.read_bytes())
    to, at = (data.index(sound[number]) for number in (9, 7))
    data[to - 3 : to - 1] = data[at - 3 : at - 1]  # a block is its track, its time (2 bytes), its flags, and the packet
    path.write_bytes(data)
    return sound


@pytest.mark.parametrize("name", ["out.mkv", "out.mov"])
def test_a_backward_time_of_sound_costs_nothing_and_is_said(tmp_path, capsys, name):
    source, out = write_film(tmp_path / "film.mkv", "subrip"), tmp_path / name
    sound = spoil_sound(source)
    assert call(source, "-o", out, "--no-subtitles") == 0
    said = capsys.readouterr().err
    assert "In sound 1 of film.mkv, 1 packet came no later than the one before" in said
    with av.open(str(out)) as container:
        assert [bytes(packet) for packet in container.demux(audio=0) if packet.size] == sound
    assert probe(out).frames == 12


def test_a_batch_says_it_too(tmp_path, capsys):
    (tmp_path / "in").mkdir()
    source = write_film(tmp_path / "in" / "film.mkv", "subrip")
    spoil_sound(source)
    words = [tmp_path / "in", "--batch", "-o", tmp_path / "out", "--box", "4,4,12,10", "--method", "mean-color"]
    main([str(word) for word in words])
    said = capsys.readouterr().err
    assert "In sound 1 of film.mkv, 1 packet came no later" in said
    assert probe(tmp_path / "out" / "film.mkv").frames == 12


def test_sound_of_a_transport_stream_stays_in_one(tmp_path, capsys):
    source = write_film(tmp_path / "film.mkv", "subrip")
    assert call(source, "-o", tmp_path / "one.ts", "--no-subtitles") == 0
    assert call(tmp_path / "one.ts", "-o", tmp_path / "two.ts") == 0
    assert probe(tmp_path / "two.ts").audio_codecs == ("aac",)
    assert "sound" not in capsys.readouterr().err


def test_prores_and_small_dnxhr_are_taken_or_explained(tmp_path, capsys, data_folder):
    source = data_folder / "odd" / "tiny_48x28.mp4"
    assert call(source, "-o", tmp_path / "a.mov", "--codec", "prores_ks", "--no-sound") == 0
    said = capsys.readouterr().err
    assert "The pixel format changed from yuv420p to yuv422p10le for prores in .mov" in said
    assert call(source, "-o", tmp_path / "b.mov", "--codec", "dnxhd", "--no-sound") == 2
    said = capsys.readouterr().err
    assert "dnxhd takes frames of at least 256x120; these are 48x28" in said and "the disk" not in said
    assert not (tmp_path / "b.mov").exists()


@pytest.mark.parametrize("name", ["img%03d.png", "x.m3u8", "x.mpd"])
def test_names_that_are_no_single_video(tmp_path, capsys, data_folder, name):
    assert call(data_folder / "odd" / "tiny_48x28.mp4", "-o", tmp_path / name) == 2
    said = capsys.readouterr().err
    assert ("list of other files" in said and ".mp4" in said) or ("holds one picture" in said and "/img/" in said)
    assert list(tmp_path.iterdir()) == []


def test_alpha_that_is_lost_is_said(tmp_path, capsys):
    with VideoWriter(tmp_path / "a.mkv", 25, 40, 64, Encoding("ffv1", pix_fmt="yuva420p")) as writer:
        for t in range(3):
            writer.write(np.full((40, 64, 3), 50 * t, np.uint8))
    assert call(tmp_path / "a.mkv", "-o", tmp_path / "out.mp4") == 0
    assert "Lost: alpha; h264 in .mp4 does not keep it. Write to .mov or .webm" in capsys.readouterr().err
    assert call(tmp_path / "a.mkv", "-o", tmp_path / "out.webm") == 0
    assert "alpha" not in capsys.readouterr().err
