"""Training with Lightning, which no other room imports. The names below load on first use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lgtsm.lazy_names import on_first_use

if TYPE_CHECKING:
    from lgtsm.training.adversarial import AdversarialTraining
    from lgtsm.training.datamodule import ClipDataModule
    from lgtsm.training.finite import FiniteGuard, NonFiniteError
    from lgtsm.training.inpainting_gan import InpaintingGAN
    from lgtsm.training.optimizer_steps import NetworkOptimizers
    from lgtsm.training.plateau import Plateau
    from lgtsm.training.schedules import warmup_cosine
    from lgtsm.training.start import seed_everything

_MODULES = {
    "AdversarialTraining": "lgtsm.training.adversarial",
    "ClipDataModule": "lgtsm.training.datamodule",
    "FiniteGuard": "lgtsm.training.finite",
    "InpaintingGAN": "lgtsm.training.inpainting_gan",
    "NetworkOptimizers": "lgtsm.training.optimizer_steps",
    "NonFiniteError": "lgtsm.training.finite",
    "Plateau": "lgtsm.training.plateau",
    "seed_everything": "lgtsm.training.start",
    "warmup_cosine": "lgtsm.training.schedules",
}
__all__ = [
    "AdversarialTraining",
    "ClipDataModule",
    "FiniteGuard",
    "InpaintingGAN",
    "NetworkOptimizers",
    "NonFiniteError",
    "Plateau",
    "seed_everything",
    "warmup_cosine",
]
if not TYPE_CHECKING:
    __getattr__, __dir__ = on_first_use(__name__, _MODULES)
