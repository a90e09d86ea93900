"""Find the published weights of a feature network: in a folder of yours, in the cache, or on the web."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import Any

import torch

from lgtsm.exits import UnavailableError

FOLDER_VARIABLE = "LGTSM_WEIGHTS"


class WeightsUnavailableError(UnavailableError):
    """Published weights are neither on this machine nor reachable from it."""


@dataclasses.dataclass(frozen=True)
class WeightFile:
    """One published file.

    name: file name, ending in the first digits of its sha256 as torch hub does (`vgg16-397923af.pth`).
    url: where it is published.
    licence: of the weights.
    """

    name: str
    url: str
    licence: str


def load_weight_file(file: WeightFile, needed_for: str, without: str) -> dict[str, Any]:
    """Return the state dict of a published file.

    Looks in the folder that the environment variable LGTSM_WEIGHTS names, then in torch hub's cache, then downloads
    into that cache and checks the sha256 that the file's name carries.

    Args:
        file: which one.
        needed_for: what needs it, e.g. "the perceptual loss".
        without: how to do without it, a sentence for the error.

    Raises:
        WeightsUnavailableError: it cannot be had; the sentence says which file to put where.
    """
    folder = os.environ.get(FOLDER_VARIABLE)
    if folder:
        path = Path(folder) / file.name
        if path.is_file():
            return torch.load(path, map_location="cpu", weights_only=True)
    try:
        return torch.hub.load_state_dict_from_url(
            file.url, map_location="cpu", check_hash=True, file_name=file.name, progress=False, weights_only=True
        )
    except (OSError, RuntimeError) as error:  # no network, a refusal, or another file than the published one
        raise WeightsUnavailableError(
            f"{needed_for} needs the published weights {file.name}, which could not be downloaded from {file.url} "
            f"({error}). Put that file into a folder and name the folder in the environment variable "
            f"{FOLDER_VARIABLE}. {without}"
        ) from error
