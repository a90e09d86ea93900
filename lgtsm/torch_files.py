"""Read files of torch.save as data: nothing in them runs."""

from __future__ import annotations

import os
import re
import warnings
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from lgtsm import regular_file


def read_torch_file(
    path: str | Path, map_location: Any = "cpu", mmap: bool = False, stand_ins: Sequence[type] = ()
) -> Any:
    """Read a file of torch.save that holds tensors and plain values.

    Args:
        path: the file.
        map_location, mmap: as in torch.load.
        stand_ins: empty classes to build in place of the file's, by their names.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is no such file, cannot be read, is damaged, or holds other objects.
    """
    path = Path(path)
    check_file(path)
    try:
        grows = _grows(path)
        with torch.serialization.safe_globals(list(stand_ins)), warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # about odd pickles, reported below
            if not grows:
                return torch.load(path, map_location=map_location, weights_only=True, mmap=mmap)
    except Exception as error:  # a damaged pickle can fail in any way
        # torch's own sentences advise to run what is in the file; of them only the object's name is told, and they are
        # not kept as the cause.
        named = re.search(r"GLOBAL (\S+)", str(error))
        reason = f" It names {named[1]}." if named else ""
        raise ValueError(
            f"{path} is not a readable checkpoint: expected a file of torch.save with tensors and plain values. It may "
            f"be truncated, or hold other objects, which are never executed.{reason}"
        ) from None
    raise ValueError(f"{path} would unpack to more than its own size; torch.save packs nothing. The file is damaged.")


def check_file(path: Path) -> None:
    """Refuse what is no readable file with something in it.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: a folder, a pipe or an empty file is there, or it cannot be read.
    """
    if not os.path.lexists(path):
        raise FileNotFoundError(f"There is no weight file {path}. Check the path.")
    regular_file.check_file(path, "a file with weights")


def _grows(path: Path) -> bool:
    """Tell whether an archive would grow when it is unpacked; torch.save stores its parts as they are."""
    if not zipfile.is_zipfile(path):
        return False  # the older format of torch.save
    with zipfile.ZipFile(path) as archive:
        return sum(part.file_size for part in archive.infolist()) > path.stat().st_size
