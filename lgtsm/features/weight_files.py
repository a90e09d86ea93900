"""Find the published weights of a feature network: in a folder of yours, in the cache, or on the web."""

from __future__ import annotations

import dataclasses
import hashlib
import os
from pathlib import Path
from typing import Any

import torch

from lgtsm.exits import UnavailableError

FOLDER_VARIABLE = "LGTSM_WEIGHTS"


class WeightsUnavailableError(UnavailableError):
    """Published weights are neither on this machine nor reachable from it; `short` says so in few words."""

    short = "the published weights are not to be had"


@dataclasses.dataclass(frozen=True)
class WeightFile:
    """One published file.

    name: file name; it may end in the first digits of its sha256 as torch hub's do (`vgg16-397923af.pth`).
    url: where it is published.
    licence: of the weights.
    sha256: of the whole file, needed where the name does not carry it.
    """

    name: str
    url: str
    licence: str
    sha256: str | None = None


def load_weight_file(file: WeightFile, needed_for: str, without: str) -> dict[str, Any]:
    """Return the state dict of a published file.

    Looks in the folder that the environment variable LGTSM_WEIGHTS names, then in torch hub's cache, then downloads
    into that cache. The sha256 is checked: the one that the file's name carries at the download, a whole one wherever
    the file comes from.

    Args:
        file: which one.
        needed_for: what needs it, e.g. "the perceptual loss".
        without: how to do without it, a sentence for the error.

    Raises:
        WeightsUnavailableError: it cannot be had; the sentence says which file to put where.
        ValueError: the file is another one than the published.
    """
    folder = os.environ.get(FOLDER_VARIABLE)
    if folder:
        path = Path(folder) / file.name
        if path.is_file():
            _check_whole(path, file)
            return torch.load(path, map_location="cpu", weights_only=True)
    try:
        if file.sha256 is not None:
            return torch.load(_fetch_whole(file), map_location="cpu", weights_only=True)
        return torch.hub.load_state_dict_from_url(
            file.url, map_location="cpu", check_hash=True, file_name=file.name, progress=False, weights_only=True
        )
    except (OSError, RuntimeError) as error:  # no network, a refusal, or another file than the published one
        unavailable = WeightsUnavailableError(
            f"{needed_for} needs the published weights {file.name}, which could not be downloaded from {file.url} "
            f"({error}). Put that file into a folder and name the folder in the environment variable "
            f"{FOLDER_VARIABLE}. {without}"
        )
        unavailable.short = f"no weights {file.name}"
        raise unavailable from error


def _fetch_whole(file: WeightFile) -> Path:
    """Return where torch hub's cache has a file whose name carries no digits; download it if need be."""
    cached = Path(torch.hub.get_dir()) / "checkpoints" / file.name
    if not cached.is_file():
        cached.parent.mkdir(parents=True, exist_ok=True)
        torch.hub.download_url_to_file(file.url, str(cached), hash_prefix=file.sha256, progress=False)
    _check_whole(cached, file)
    return cached


def _check_whole(path: Path, file: WeightFile) -> None:
    if file.sha256 is None:
        return
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != file.sha256:
        raise ValueError(
            f"{path} is not the published {file.name}: its sha256 is {found}, expected {file.sha256}. "
            f"Remove it, or put the file of {file.url} there."
        )
