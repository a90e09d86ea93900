"""Measure the table of docs/quality.md: python docs/quality.py CLIP... (real clips; their first 60 frames)."""

import sys
import tempfile
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

import lgtsm
from lgtsm.video.mask_choice import MaskChoice
from lgtsm.video.planes import values

FRAMES, RATE = 60, 25
X265 = {"x265-params": "log-level=error"}
KINDS = {  # encoder, container, options
    "H.264, crf 18": ("libx264", ".mp4", {"crf": "18"}),
    "H.264, crf 23": ("libx264", ".mp4", {"crf": "23"}),
    "H.264, crf 28": ("libx264", ".mp4", {"crf": "28"}),
    "H.264, crf 34": ("libx264", ".mp4", {"crf": "34"}),
    "HEVC, crf 22": ("libx265", ".mp4", {"crf": "22", **X265}),
    "HEVC, crf 28": ("libx265", ".mp4", {"crf": "28", **X265}),
    "VP9, crf 32": ("libvpx-vp9", ".webm", {"crf": "32", "cpu-used": "4"}),
    "AV1, crf 32": ("libsvtav1", ".mp4", {"crf": "32"}),
    "MPEG-2, quantizer 4": ("mpeg2video", ".ts", {"qmin": "4", "qmax": "4"}),
    "MPEG-4, quantizer 4": ("mpeg4", ".avi", {"qmin": "4", "qmax": "4"}),
    "Motion JPEG, quantizer 4": ("mjpeg", ".avi", {"qmin": "4", "qmax": "4"}),
}


def make(path, pictures, codec, options):
    """Encode frames of PyAV."""
    form = "yuvj420p" if codec == "mjpeg" else "yuv420p"
    with av.open(str(path), "w") as output:
        stream = output.add_stream(codec, RATE, options=options)
        stream.width, stream.height, stream.pix_fmt = pictures[0].width, pictures[0].height, form
        stream.codec_context.time_base = Fraction(1, RATE)
        for number, picture in enumerate(pictures):
            frame = picture.reformat(format=form)
            frame.pts, frame.time_base, frame.pict_type = number, Fraction(1, RATE), 0
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


def read(path):
    """Return the bytes of the video's packets, and the luma of its frames."""
    with av.open(str(path)) as container:
        size = sum(packet.size for packet in container.demux(video=0))
    with av.open(str(path)) as container:
        return size, [values(frame)[0].astype(np.float32) for frame in container.decode(video=0)]


def main():
    """Print a row for each kind of source."""
    inpainter = lgtsm.Inpainter(lgtsm.create_model("mean-color"), "cpu")
    clips = []
    for path in sys.argv[1:]:
        with av.open(path) as container:
            frames = [frame for _, frame in zip(range(FRAMES), container.decode(video=0), strict=False)]
        clips.append([frame.reformat(frame.width & ~1, frame.height & ~1) for frame in frames])
    print("| source | bits, times the source's | PSNR to the source, dB | of its worst frame, dB |\n|---|---|---|---|")
    for name, (codec, suffix, options) in KINDS.items():
        ratios, means, worsts = [], [], []
        for pictures in clips:
            with tempfile.TemporaryDirectory() as folder:
                source = make(Path(folder) / f"in{suffix}", pictures, codec, options)
                target = Path(folder) / f"out{suffix}"
                inpainter.fill_file(source, MaskChoice(boxes=((0, 0, 32, 32),)), target)
                (size, before), (now, after) = read(source), read(target)
            ratios.append(now / size)
            errors = [np.square(one - other)[48:, 48:].mean() for one, other in zip(before, after, strict=True)]
            means.append(-10 * np.log10(np.mean(errors) / 255**2))
            worsts.append(-10 * np.log10(max(errors) / 255**2))
        span = f"{np.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
        print(f"| {name} | {span} | {np.median(means):.1f} (from {min(means):.1f}) | {min(worsts):.1f} |", flush=True)


if __name__ == "__main__":
    main()
