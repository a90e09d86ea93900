"""Find the published weights of a feature network: in a folder of yours, in the cache, or on the web."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import re
from pathlib import Path
from typing import Any

import torch

from lgtsm.optional import UnavailableError
from lgtsm.regular_file import check_file
from lgtsm.torch_files import read_torch_file

FOLDER_VARIABLE = "LGTSM_WEIGHTS"


class WeightsUnavailableError(UnavailableError):
    """Published weights are neither on this machine nor can they be downloaded; `short` says so in few words."""

    short = "the published weights are not available"


@dataclasses.dataclass(frozen=True)
class WeightFile:
    """One published file.

    name: file name; may end in the first digits of its sha256, as torch hub's do (`vgg16-397923af.pth`).
    url: where to download it.
    license: of the weights.
    sha256: of the whole file; needed where the name does not carry its first digits.
    """

    name: str
    url: str
    license: str
    sha256: str | None = None

    @property
    def digits(self) -> str:
        """The sha256, or the first digits of it that the name carries."""
        carried = re.search(r"-([0-9a-f]{8,64})\.", self.name)
        if self.sha256 is not None:
            return self.sha256
        if carried is None:
            raise ValueError(f"The weight file {self.name} carries no digits of its sha256; give it a sha256.")
        return carried[1]


def load_weights(weights: str | Path, file: WeightFile, needed_for: str, without: str) -> dict[str, Any]:
    """Return the state dict of a file that the user names, or of a published one.

    Args:
        weights: "published" or the path of a file.
        file, needed_for, without: as in `load_weight_file`.

    Raises:
        ValueError: there is no such file, or it is not the published one.
        WeightsUnavailableError: the published weights are not available.
    """
    if weights == "published":
        return load_weight_file(file, needed_for, without)
    check_file(Path(weights), f"a weight file ({needed_for} needs it)")
    return read_torch_file(weights)


def load_weight_file(file: WeightFile, needed_for: str, without: str) -> dict[str, Any]:
    """Return the state dict of a published file.

    Look in the folder that the environment variable LGTSM_WEIGHTS names, then in torch hub's cache, then download into
    that cache. Compare the file's sha256 with the published one, or with the digits that its name carries.

    Args:
        file: the file to load.
        needed_for: who needs it, e.g. "The perceptual loss".
        without: how to do without it, a sentence for the error.

    Raises:
        WeightsUnavailableError: it is not available; the sentence says which file to put where.
        ValueError: the file is not the published one.
    """
    folder = os.environ.get(FOLDER_VARIABLE)
    cached = Path(torch.hub.get_dir()) / "checkpoints" / file.name
    for path in ([Path(folder) / file.name] if folder else []) + [cached]:
        if path.is_file():
            _check(path, file)
            return read_torch_file(path)
    try:
        cached.parent.mkdir(parents=True, exist_ok=True)
        # Checked before the file gets its name.
        torch.hub.download_url_to_file(file.url, str(cached), hash_prefix=file.digits, progress=False)
    except (OSError, RuntimeError) as error:  # no network, a refusal, or another file than the published one
        looked = f" {FOLDER_VARIABLE} names {folder}, which does not hold it." if folder else ""
        unavailable = WeightsUnavailableError(
            f"{needed_for} needs the published weights {file.name}, which could not be downloaded from {file.url} "
            f"({error}). Put that file into a folder and name the folder in the environment variable "
            f"{FOLDER_VARIABLE}.{looked} {without}"
        )
        unavailable.short = f"no weights {file.name}"
        raise unavailable from error
    return read_torch_file(cached)


def _check(path: Path, file: WeightFile) -> None:
    """Refuse a file that is not the published one."""
    digest = hashlib.sha256()
    with path.open("rb") as opened:
        while part := opened.read(2**20):
            digest.update(part)
    found = digest.hexdigest()
    if not found.startswith(file.digits):
        begins = "is" if len(file.digits) == len(found) else "begins with"
        raise ValueError(
            f"{path} is not the published {file.name}: its sha256 {begins} {found[: len(file.digits)]}, expected "
            f"{file.digits}. Remove it, or replace it with {file.url}. To use weights of your own, name their file in "
            "the configuration."
        )
