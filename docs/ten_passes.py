"""Fill a color chart ten times, each time from the last result: python docs/ten_passes.py. Writes docs/ten_passes.*"""

import tempfile
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

import lgtsm
from lgtsm.document import Heading, Picture, Table, Text, to_markdown
from lgtsm.models.catalog import create_model
from lgtsm.video import Encoding, MaskChoice, open_video
from lgtsm.video.pictures import strip, write_png
from lgtsm.video.planes import values
from lgtsm.video.pyav import FilterChain

HERE = Path(__file__).parent
HEIGHT, WIDTH, FRAMES, PASSES = 180, 320, 12, 10
BOX = (216, 106, 64, 40)  # x, y, width, height: filled in every pass
# pixel format, siting, matrix, range
KINDS = [
    ("yuv420p", "left", "bt709", "tv"),
    ("yuv420p", "center", "smpte170m", "tv"),
    ("yuv420p", "topleft", "bt2020nc", "pc"),
    ("yuv420p10le", "left", "bt2020nc", "tv"),
    ("yuv422p", "left", "bt709", "tv"),
    ("yuv444p", "unspecified", "smpte170m", "pc"),
]
NUMBERS = {"bt709": 1, "smpte170m": 6, "bt2020nc": 9, "tv": 1, "pc": 2}


def chart(number):
    """Return frame `number` of the chart, RGB: bars above turning spokes and fine stripes of color, drifting slowly."""
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float64)
    x = x - number
    bars = np.array(
        [(191, 191, 191), (191, 191, 0), (0, 191, 191), (0, 191, 0), (191, 0, 191), (191, 0, 0), (0, 0, 191)]
    )
    image = bars[(x // 46 % 7).astype(int)].astype(np.float64)
    spokes = np.sin(16 * np.arctan2(y - 120, x - 90))
    stripes = np.sin(x / 2.5 + y / 9)
    image[60:] = 128 + 80 * np.stack([spokes, -spokes * stripes, stripes], -1)[60:]
    return cv2.GaussianBlur(image, (0, 0), 0.8).clip(0, 255).astype(np.uint8)


def write_chart(path, pix_fmt, siting, matrix, range_):
    mark = FilterChain("rgb24", WIDTH, HEIGHT, ("setparams", f"chroma_location={siting}"))
    reformatter = av.video.reformatter.VideoReformatter()
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        if siting != "unspecified":
            stream.options = {"chroma_sample_location": siting}
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, pix_fmt
        stream.codec_context.colorspace, stream.codec_context.color_range = NUMBERS[matrix], NUMBERS[range_]
        for number in range(FRAMES):
            frame = mark(av.VideoFrame.from_ndarray(chart(number), format="rgb24"))
            frame = reformatter.reformat(
                frame, format=pix_fmt, dst_colorspace=NUMBERS[matrix] if matrix != "smpte170m" else 5,
                src_color_range=2, dst_color_range=NUMBERS[range_], interpolation=0x46004,
            )  # fmt: skip
            frame.colorspace, frame.color_range = NUMBERS[matrix], NUMBERS[range_]
            frame.pts, frame.time_base = number, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def planes(path):
    """Return the planes of all frames, stacked, as float."""
    with av.open(str(path)) as container:
        frames = [[plane.astype(np.float64) for plane in values(frame)] for frame in container.decode(video=0)]
    return [np.stack(group) for group in zip(*frames)]


def score(before, after):
    """Return right and down shift in samples, ratio of standard deviations, and PSNR, outside the box."""
    known = np.ones(before.shape[1:], bool)
    down, across = HEIGHT // before.shape[1], WIDTH // before.shape[2]
    x, y, width, height = BOX
    known[max(0, y // down - 2) : (y + height) // down + 3, max(0, x // across - 2) : (x + width) // across + 3] = False
    rows, columns = np.gradient((before + after) / 2, axis=(1, 2))
    system = np.stack([part[:, known].ravel() for part in (rows, columns, np.ones_like(rows))], 1)
    moved = -np.linalg.lstsq(system, (after - before)[:, known].ravel(), rcond=None)[0][:2]
    error = np.square(after - before)[:, known].mean()
    peak = 255 if before.max() < 256 else 1023
    psnr = "equal" if error == 0 else f"{10 * np.log10(peak**2 / error):.1f}"
    return moved[1], moved[0], after[:, known].std() / before[:, known].std(), psnr


def main():
    inpainter, rows, shown = lgtsm.Inpainter(create_model("telea"), "cpu"), [], {}
    for kind in KINDS:
        for name, encoding in (
            ("FFV1", Encoding(codec="ffv1")),
            ("H.264, crf 1", Encoding("libx264", crf=1)),
            ("H.264", Encoding("libx264", crf=16)),
        ):
            with tempfile.TemporaryDirectory() as folder:
                path = first = Path(folder) / "0.mkv"
                write_chart(path, *kind)
                for number in range(1, PASSES + 1):
                    source, path = path, Path(folder) / f"{number}.mkv"
                    inpainter.fill_file(source, MaskChoice(boxes=(BOX,)), path, encoding)
                scores = [score(*pair) for pair in zip(planes(first), planes(path))]
                shift = [" / ".join(f"{part[axis] + 0.0:.4f}" for part in scores) for axis in (0, 1)]
                spread = " / ".join(f"{part[2]:.4f}" for part in scores)
                psnr = " / ".join(part[3] for part in scores)
                rows.append((f"{kind[0]}, {kind[1]}, {kind[2]}, {kind[3]}", name, *shift, spread, psnr))
                print(*rows[-1], sep=" | ")
                if kind == KINDS[0] and name != "H.264, crf 1":
                    one, other = (open_video(file, "pyav").read([6]) for file in (first, path))
                    shown["source"] = one
                    shown[f"after ten passes, {name}"] = other
                    shown[f"8 times the difference, {name}"] = (
                        np.abs(8 * (other.astype(int) - one)).clip(0, 255).astype(np.uint8)
                    )
    pieces = [strip({name: frame}, 1) for name, frame in shown.items()]
    pieces.append(np.full_like(pieces[0], 255))
    write_png(HERE / "ten_passes.png", np.concatenate([np.concatenate(pieces[n : n + 3], 1) for n in (0, 3)]))
    head = ("video", "written as", "right, samples (Y / Cb / Cr)", "down, samples", "standard deviation", "PSNR, dB")
    said = (
        f"A color chart of {WIDTH}x{HEIGHT}, filled {PASSES} times in the same box, each time from the last result "
        "(`python docs/ten_passes.py`). What is known does not pass through RGB, so only the encoder changes it. "
        "Shift, spread and PSNR of the stored planes, away from the box, after all passes:"
    )
    blocks = [Heading("Ten passes of a color chart", 1), Text(said), Table(head, rows)]
    blocks.append(
        Picture("ten_passes.png", "Frame 6 of the first video; the box at the right is filled again in every pass.")
    )
    (HERE / "ten_passes.md").write_text(to_markdown(blocks))


if __name__ == "__main__":
    main()
