"""Put a video that needs no filling beside those that are filled."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np

from lgtsm.outputs import Place, check_outputs
from lgtsm.places import check_place
from lgtsm.sole_writer import SoleWriter
from lgtsm.video.encoding import Encoding
from lgtsm.video.frame_folder import list_images
from lgtsm.video.open import open_probed
from lgtsm.video.probe import VideoInfo
from lgtsm.video.writer import VideoWriter
from lgtsm.whole_files import whole_file, whole_folder


@dataclasses.dataclass(frozen=True)
class Copied:
    """The outcome of a copy: the video, of which nothing was filled."""

    info: VideoInfo
    hole_share: float = 0.0


def copy_video(
    info: VideoInfo,
    output: Path,
    encoding: Encoding = Encoding(),  # noqa: B008 - frozen
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Copied:
    """Copy a video as it is: byte for byte to the same ending, or from folder to folder; else by encoding it again.

    Args:
        info: the video, from `probe`.
        output: a file or a folder of frames, which appears once it is complete.
        encoding: how to write another kind of file.
        progress: called as progress(done, total), in frames.

    Raises:
        ValueError: the output is the input, or cannot be written.
    """
    source, is_folder = Path(info.path), not output.suffix
    check_outputs([Place("`output`", output)], [Place("the video", source)])
    if is_folder and source.is_dir():
        check_place(output, folder=True)
        with SoleWriter(output), whole_folder(output) as temporary:
            for image in list_images(source, info.allow_gaps):
                shutil.copyfile(image, temporary / image.name)
    elif source.is_file() and source.suffix.lower() == output.suffix.lower():
        check_place(output)
        with SoleWriter(output), whole_file(output) as temporary:
            shutil.copyfile(source, temporary)
    else:
        with (
            open_probed(info) as reader,
            VideoWriter(
                output,
                None,
                info.height,
                info.width,
                encoding,
                like=info,
                source_path=source,
                touched=np.zeros(info.frames, bool),
            ) as writer,
        ):
            same = np.zeros((info.height, info.width), bool)
            for done, picture in enumerate(reader.pictures(), start=1):
                writer.write(picture.image, picture.source, same)
                progress(done, info.frames)
    progress(info.frames, info.frames)
    return Copied(info)
