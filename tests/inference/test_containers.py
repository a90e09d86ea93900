"""All that a file holds, before and after a fill, for each container."""

import importlib.util
from pathlib import Path

import av
import pytest

from lgtsm.video.encoding import Encoding
from lgtsm.video.kept import not_kept
from lgtsm.video.probe import probe

DOCS = Path(__file__).parents[2] / "docs"

# What is known to be lost in a container, and why. All else must be kept.
LOST = {
    ".mp4": {"attachment 1", "tag director", "alpha", "data 1"},
    ".mov": {"attachment 1", "tag director", "cover picture 1", "data 1"},
    ".mkv": {"data 1"},
    ".webm": {"pixel shape", "attachment 1", "cover picture 1", "data 1"},
}  # fmt: skip


@pytest.fixture(scope="module")
def containers():
    """docs/containers.py, which writes files that hold everything with PyAV alone."""
    spec = importlib.util.spec_from_file_location("containers", DOCS / "containers.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_up_to_date(containers, tmp_path):
    assert (DOCS / "containers.md").read_text() == containers.table(tmp_path), "run docs/containers.py again"


@pytest.mark.parametrize("target", LOST)
def test_each_container_keeps_all_that_it_can(containers, tmp_path, target):
    kept = containers.compare(tmp_path, target)
    assert {name for name, is_kept in kept.items() if not is_kept} == LOST[target]
    assert {"mastering display", "content light level", "timecode", "flags of the video track", "chapters"} < set(kept)
    assert {"alpha", "sound 1", "subtitles 1", "language of sound 1", "cover picture 1", "data 1"} < set(kept)


def test_the_source_holds_what_was_put_in(containers, tmp_path):
    """The list itself, against what the file was written with."""
    from lgtsm.video.contents import contents

    found = contents(probe(containers.write_film(tmp_path / "film.mkv", "aac", "subrip")))
    assert found == {
        "frames": "10",
        "size": "160x96",
        "pixel shape": "16/11",
        "pixel format": "yuv420p10le",
        "color space": "bt2020nc",
        "color range": "tv",
        "color primaries": "bt2020",
        "color transfer": "smpte2084",
        "chroma siting": "left",
        "mastering display": "R 0.6800 0.3200, G 0.2650 0.6900, B 0.1500 0.0600, W 0.3127 0.3290, 0.0050 cd/m2, "
        "1000.0000 cd/m2",
        "content light level": "MaxCLL 1000, MaxFALL 400",
        "language of the video track": "fra",
        "title of the video track": "Main",
        "flags of the video track": "default",
        "timecode": "01:00:00:00",
        "sound 1": "aac",
        "language of sound 1": "deu",
        "title of sound 1": "Stereo",
        "flags of sound 1": "default",
        "subtitles 1": "subrip",
        "language of subtitles 1": "eng",
        "title of subtitles 1": "All words",
        "flags of subtitles 1": "forced",
        "cover picture 1": "mjpeg 160x96",
        "attachment 1": "font.ttf",
        "chapters": "0.00 s One, 0.20 s Two",
        **{f"tag {name}": value for name, value in containers.TAGS.items()},
    }


def test_every_loss_gets_a_sentence(containers, tmp_path):
    source = containers.write_film(tmp_path / "film.mkv", "libopus", "webvtt")
    containers.fill(source, tmp_path / "out.webm", Encoding("libvpx-vp9"))
    said = not_kept(probe(source), probe(tmp_path / "out.webm"))
    assert sum("AV1 can hold it: set codec=libsvtav1." in one for one in said) == 2  # WebM takes no H.265
    for words in ("pixel format changed from yuv420p10le to yuv420p", "Lost: mastering display (R 0.68", "MaxCLL 1000"):
        assert sum(words in sentence for sentence in said) == 1
    assert "Lost: cover picture 1 (mjpeg 160x96); vp9 in .webm does not keep it." in said
    assert "Lost: attachment 1 (font.ttf); vp9 in .webm does not keep it." in said
    assert not any("flags" in sentence or "tag" in sentence for sentence in said)
    copied = not_kept(probe(source), probe(tmp_path / "out.webm"), False, copied=("audio",))
    assert not any("attachment" in sentence or "pixel format" in sentence for sentence in copied)


def test_lost_alpha_and_tags_are_said(containers, tmp_path):
    source = containers.write_alpha(tmp_path / "alpha.mov")
    containers.fill(source, tmp_path / "out.mp4")
    said = not_kept(probe(source), probe(tmp_path / "out.mp4"))
    assert "Lost: alpha; h264 in .mp4 does not keep it. Write to .mov or .webm to keep transparency." in said
    film = containers.write_film(tmp_path / "film.mkv", "aac", None)
    containers.fill(film, tmp_path / "film.mp4")
    (sentence,) = [one for one in not_kept(probe(film), probe(tmp_path / "film.mp4")) if "tags" in one]
    assert sentence == "Lost or changed: the tags director; .mp4 does not keep them as they were."


def alpha_of(path, decoder=None):
    """Alpha of all frames, 0 to 255, read with PyAV alone."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        context = av.CodecContext.create(decoder, "r") if decoder else stream.codec_context
        packets = [packet for packet in container.demux(stream) if packet.size]
        frames = [frame for packet in packets for frame in context.decode(packet)] + context.decode(None)
        return [frame.reformat(format="rgba").to_ndarray()[..., 3].astype(int) for frame in frames]


@pytest.mark.parametrize(
    ("name", "decoder"),
    [("out.mov", None), ("out.mkv", "libvpx-vp9"), ("out.webm", "libvpx-vp9"), ("out.avi", None)],
)
def test_alpha_itself_is_kept(containers, tmp_path, name, decoder):
    source = containers.write_alpha(tmp_path / "alpha.mov")
    containers.fill(source, tmp_path / name)
    before, after = alpha_of(source), alpha_of(tmp_path / name, decoder)
    assert len(before) == len(after) == 10 and {int(one.min()) for one in before} == {40}
    for one, other in zip(before, after, strict=True):
        assert abs(one - other).mean() < 1.5
    again = tmp_path / f"again_{name}"
    containers.fill(tmp_path / name, again)  # WebM's alpha lies beside its pictures, and must be read too
    for one, other in zip(before, alpha_of(again, decoder), strict=True):
        assert abs(one - other).mean() < 2
