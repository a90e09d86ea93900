"""Small clips with sound, made of real ones."""

from fractions import Fraction

import cv2

from lgtsm.video.encoding import Encoding
from lgtsm.video.open import open_video
from lgtsm.video.writer import VideoWriter

HEIGHT, WIDTH, FRAMES = 72, 128, 16


def write_clip(path, data_folder, fps=24):
    """Write 16 frames of 128x72 with sound, of which one is shown twice as long as the others; return the path."""
    times = [Fraction(number + (number > 9), fps) for number in range(FRAMES)]
    sound = data_folder / "odd" / "with_audio.mp4"
    with (
        open_video(data_folder / "bmx-trees" / "video.mp4", "pyav") as video,
        VideoWriter(path, fps, HEIGHT, WIDTH, Encoding(), source_path=sound, timestamps=times) as writer,
    ):
        for frame in video.read(range(FRAMES)):
            writer.write(cv2.resize(frame, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA))
    return path
