"""Make the table of docs/containers.md: python docs/containers.py > docs/containers.md."""

import io
import re
import struct
import tempfile
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

import lgtsm
from lgtsm.video.contents import contents
from lgtsm.video.encoding import Encoding
from lgtsm.video.mask_choice import MaskChoice
from lgtsm.video.probe import probe

TARGETS = (".mp4", ".mov", ".mkv", ".webm", ".ts")
SOUND = {".mp4": "aac", ".mov": "aac", ".mkv": "aac", ".webm": "libopus", ".ts": "aac"}
SUBTITLES = {".mkv": "subrip", ".webm": "webvtt"}  # in a Matroska source; MP4 and QuickTime take only mov_text
RATE, CLOCK = 25, Fraction(1, 25)
DISPLAY = "G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50)"
HDR = {"x265-params": f"log-level=error:master-display={DISPLAY}:max-cll=1000,400"}
CHAPTERS = [
    {"id": k, "start": 200 * (k - 1), "end": 200 * k, "time_base": Fraction(1, 1000), "metadata": {"title": title}}
    for k, title in ((1, "One"), (2, "Two"))
]
TAGS = {"title": "A film", "artist": "Somebody", "comment": "Nice", "copyright": "2026", "director": "Somebody else"}

HEAD = """# What each container keeps

`lgtsm inpaint` copies sound, subtitles and all else beside the pictures, and keeps size, timing and colors. Where a
container, or the encoder of its pictures, cannot hold something, a sentence says so at the end. Sound and subtitles in
a codec that the container does not take stop the run before it begins: another container is offered, and `--no-sound`
or `--no-subtitles` leaves them out.

The table tells what is left of a 10-bit HDR video with everything in it, of an RGBA video, and of a transport stream
with data, in the codec that is chosen for the output ([which](quality.md)). `docs/containers.py` makes it, and a test
holds it up to date.

"""


def picture(t, form):
    """Return picture number t in a pixel format; its left half is transparent."""
    y, x = np.mgrid[:96, :160]
    pixels = np.stack([(x * 3 + 9 * t) % 256, y * 2, x + y, np.where(x < 80, 40, 255)], axis=-1).astype(np.uint8)
    frame = av.VideoFrame.from_ndarray(pixels, "rgba").reformat(format=form)
    frame.pts, frame.time_base = t, CLOCK
    return frame


def cover():
    """Return a JPEG file."""
    memory = io.BytesIO()
    with av.open(memory, "w", "mjpeg") as output:
        stream = output.add_stream("mjpeg", RATE)
        stream.width, stream.height, stream.pix_fmt = 160, 96, "yuvj420p"
        output.mux([*stream.encode(picture(0, "yuvj420p")), *stream.encode(None)])
    return memory.getvalue()


def add_video(output, codec, form, options=None):
    """Add a video track with language, title, timecode and colors."""
    video = output.add_stream(codec, RATE, options=options or {})
    video.width, video.height, video.pix_fmt = 160, 96, form
    video.codec_context.time_base, video.disposition = CLOCK, av.stream.Disposition.default
    video.metadata.update({"language": "fra", "title": "Main", "timecode": "01:00:00:00"})
    context = video.codec_context
    if form == "yuv420p10le":
        context.sample_aspect_ratio = Fraction(16, 11)
        context.colorspace, context.color_primaries, context.color_trc, context.color_range = 9, 9, 16, 1
    return video


def write_film(path, sound, subtitles):
    """Write a 10-bit HDR film with sound, subtitles, chapters, tags, and in Matroska a cover and a font."""
    with av.open(str(path), "w") as output:
        video = add_video(output, "libx265", "yuv420p10le", HDR)
        audio, text = output.add_stream(sound, 48000), output.add_stream(subtitles) if subtitles else None
        audio.metadata.update({"language": "deu", "title": "Stereo"})
        audio.disposition = av.stream.Disposition.default
        if text is not None:
            text.codec_context.time_base, text.codec_context.subtitle_header = Fraction(1, 1000), b"[Script Info]\n"
            text.metadata.update({"language": "eng", "title": "All words"})
            text.disposition = av.stream.Disposition.forced
        output.metadata.update(TAGS)
        output.set_chapters(CHAPTERS)
        if path.suffix == ".mkv":
            output.add_attachment("cover.jpg", "image/jpeg", cover())
            output.add_attachment("font.ttf", "font/ttf", b"letters")
        output.start_encoding()
        if text is not None:
            words = b"Hello"
            packet = av.Packet(struct.pack(">H", len(words)) + words if subtitles == "mov_text" else words)
            packet.pts = packet.dts = 80
            packet.duration, packet.time_base, packet.stream = 100, Fraction(1, 1000), text
            output.mux(packet)
        form, size = audio.codec_context.format.name, audio.codec_context.frame_size
        tone = np.tile((0.2 * np.sin(np.arange(19200) / 20)).astype(np.float32), (2, 1))
        for start in range(0, 19200 - size, size):
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(tone[:, start : start + size]), "fltp", "stereo")
            frame.sample_rate, frame.pts, frame.time_base = 48000, start, Fraction(1, 48000)
            for one in av.AudioResampler(form, "stereo", 48000).resample(frame):
                output.mux(audio.encode(one))
        output.mux([packet for t in range(10) for packet in video.encode(picture(t, "yuv420p10le"))])
        output.mux([*video.encode(None), *audio.encode(None)])
    return path


def write_alpha(path):
    """Write a PNG movie with alpha."""
    with av.open(str(path), "w") as output:
        video = add_video(output, "png", "rgba")
        output.mux([packet for t in range(10) for packet in video.encode(picture(t, "rgba"))])
    return path


def write_data(path):
    """Write a transport stream with data that goes with the pictures (KLV, as drones write it)."""
    with av.open(str(path), "w") as output:
        video, data = add_video(output, "libx264", "yuv420p"), output.add_data_stream("klv")
        for t in range(10):
            output.mux(video.encode(picture(t, "yuv420p")))
            packet = av.Packet(bytes(range(16)) + b"\1\0")
            packet.pts = packet.dts = t
            packet.time_base, packet.stream = CLOCK, data
            output.mux(packet)
        output.mux(video.encode(None))
    return path


def fill(source, target, encoding=Encoding()):  # noqa: B008 - frozen
    """Fill a corner of a video; return all that the source and the result hold."""
    inpainter = lgtsm.Inpainter(lgtsm.create_model("mean-color"), "cpu")
    inpainter.fill_file(source, MaskChoice(boxes=((2, 2, 10, 8),)), target, encoding)
    return contents(probe(source)), contents(probe(target))


def compare(folder, target):
    """Return (name, whether it is kept) of everything in the sources, by the suffix of the target."""
    films = [write_film(folder / f"film{target}.mkv", SOUND[target], SUBTITLES.get(target))]
    if target in (".mp4", ".mov"):
        films.append(write_film(folder / f"film{target}", SOUND[target], "mov_text"))
    sources = [*films, write_alpha(folder / "alpha.mov"), write_data(folder / "data.ts")]
    kept = {}
    for number, source in enumerate(sources):
        before, after = fill(source, folder / f"{number}{target}")
        for name, value in before.items():
            if source in films or name in ("alpha", "data 1"):
                kept[name] = kept.get(name, True) and after.get(name) == value
    return kept


def table(folder):
    """Return the page, written with files in a folder."""
    columns = {target: compare(folder, target) for target in TARGETS}
    names = dict.fromkeys(name for column in columns.values() for name in column)
    groups = {}
    for name in names:
        groups.setdefault(re.sub(r" \d+", "", name).replace("tag ", "tag: "), []).append(name)
    rows = ["| | " + " | ".join(TARGETS) + " |", "|---|" + "---|" * len(TARGETS)]
    for group, members in groups.items():
        cells = []
        for column in columns.values():
            found = [column[name] for name in members if name in column]
            cells.append("not taken" if not found else "kept" if all(found) else "lost")
        rows.append(f"| {group} | " + " | ".join(cells) + " |")
    return HEAD + "\n".join(rows) + "\n"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        print(table(Path(place)), end="")
