"""Video inpainting with learnable gated temporal shifts.

The public names below load on first use, so that `import lgtsm` stays as light as `import torch`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

__version__ = "0.1.0"

_PUBLIC = {
    "create_model": "lgtsm.models.catalog",
    "create_discriminator": "lgtsm.models.catalog",
    "list_models": "lgtsm.models.catalog",
    "load_official": "lgtsm.models.official_weights",
    "load_model": "lgtsm.models.weights",
    "save_model": "lgtsm.models.weights",
    "Inpainter": "lgtsm.inference.inpainter",
}

__all__ = ["__version__", *_PUBLIC]

if TYPE_CHECKING:
    from lgtsm.inference.inpainter import Inpainter
    from lgtsm.models.catalog import create_discriminator, create_model, list_models
    from lgtsm.models.official_weights import load_official
    from lgtsm.models.weights import load_model, save_model


def __getattr__(name: str):
    if name in _PUBLIC:
        return getattr(importlib.import_module(_PUBLIC[name]), name)
    raise AttributeError(f"module 'lgtsm' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted(__all__)
