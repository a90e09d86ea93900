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

FOLDER_VARIABLE = "LGTSM_WEIGHTS"


class WeightsUnavailableError(UnavailableError):
    """Published weights are neither on this machine nor reachable from it; `short` says so in few words."""

    short = "the published weights are not to be had"


@dataclasses.dataclass(frozen=True)
class WeightFile:
    """One published file.

    name: file name; it may end in the first digits of its sha256 as torch hub's do (`vgg16-397923af.pth`).
    url: where it is published.
    license: of the weights.
    sha256: of the whole file, needed where the name does not carry its first digits.
    """

    name: str
    url: str
    license: str
    sha256: str | None = None

    @property
    def digits(self) -> str:
        """The sha256, or as many of its first digits as the name carries."""
        carried = re.search(r"-([0-9a-f]{8,64})\.", self.name)
        if self.sha256 is None and carried is None:
            raise ValueError(f"The weight file {self.name} carries no digits of its sha256; give it a sha256.")
        return self.sha256 or carried[1]


def load_weight_file(file: WeightFile, needed_for: str, without: str) -> dict[str, Any]:
    """Return the state dict of a published file.

    Looks in the folder that the environment variable LGTSM_WEIGHTS names, then in torch hub's cache, then downloads
    into that cache. Wherever the file comes from, its sha256 is compared with the published one, or with the digits of
    it that the file's name carries.

    Args:
        file: which one.
        needed_for: what needs it, e.g. "the perceptual loss".
        without: how to do without it, a sentence for the error.

    Raises:
        WeightsUnavailableError: it cannot be had; the sentence says which file to put where.
        ValueError: the file is another one than the published.
    """
    folder = os.environ.get(FOLDER_VARIABLE)
    cached = Path(torch.hub.get_dir()) / "checkpoints" / file.name
    for path in ([Path(folder) / file.name] if folder else []) + [cached]:
        if path.is_file():
            _check(path, file)
            return torch.load(path, map_location="cpu", weights_only=True)
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
    return torch.load(cached, map_location="cpu", weights_only=True)


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
            f"{file.digits}. Remove it, or put the file of {file.url} there. Weights of your own are named in the "
            "configuration instead, as a file's path."
        )
