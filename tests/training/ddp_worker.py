"""Train in every process that torchrun starts, and record what each sees: `torchrun ... ddp_worker.py FOLDER`."""

import sys
from functools import partial
from pathlib import Path

import pytorch_lightning as pl
import torch

import lgtsm
from lgtsm.data.clips import InpaintingClips
from lgtsm.data.synthetic import SyntheticVideos
from lgtsm.losses import GeneratorLoss, GradientPenalty, ReconstructionLoss
from lgtsm.masks import MaskMixture
from lgtsm.training.adversarial import AdversarialTraining
from lgtsm.training.datamodule import ClipDataModule
from lgtsm.training.finite import FiniteGuard
from lgtsm.training.inpainting_gan import InpaintingGAN
from lgtsm.training.optimizer_steps import NetworkOptimizers
from lgtsm.training.start import hide_known_advice

STEPS = 4  # two before the discriminator, two with it


class Gradients(pl.Callback):
    """Record each optimizer step's gradients, and the names of training and validation clips."""

    def __init__(self):
        self.steps, self.draws, self.validated = [], [], []

    def on_before_optimizer_step(self, trainer, module, optimizer):
        parameters = [p for group in optimizer.param_groups for p in group["params"]]
        self.steps.append([p.grad.clone() for p in parameters])

    def on_train_batch_start(self, trainer, module, batch, index):
        self.draws.append(batch["video"].flatten(1).sum(1).tolist())

    def on_validation_batch_end(self, trainer, module, outputs, batch, index, loader=0):
        self.validated += batch["video"].flatten(1).sum(1).tolist()


class PoisonOnOneProcess(pl.Callback):
    """Make the loss of one step infinite, in the second process only."""

    def on_train_batch_start(self, trainer, module, batch, index):
        if trainer.global_rank == 1 and module.batches_done == 1:
            module.loss.weights["reconstruction"] = float("inf")
        else:
            module.loss.weights["reconstruction"] = 1.0


def train(batch_size, accumulate=1, order="generator_first", poison=False, held_out=5, **trainer_options):
    """Train the same small networks on the same stream; return the callback's records and the validation scores."""
    torch.manual_seed(0)
    hide_known_advice()
    clips = [
        InpaintingClips(SyntheticVideos(number, seed), MaskMixture({"box": 1.0}), 3, 16, 16, seed)
        for number, seed in ((16, 0), (held_out, 9))
    ]
    data = ClipDataModule(*clips, batch_size, STEPS, validation_batch_size=2, accumulate=accumulate)
    module = InpaintingGAN(
        lgtsm.create_model("lgtsm", width=8),
        GeneratorLoss(ReconstructionLoss("frame+hole", "predicted")),
        NetworkOptimizers(partial(torch.optim.SGD, lr=0.05), max_gradient_norm=1.0),
        discriminator=lgtsm.create_discriminator("tsmgan", width=4),
        adversarial=AdversarialTraining(
            weight=0.1, start_step=2, step_order=order, gradient_penalty=GradientPenalty(weight=1.0)
        ),
        accumulate=accumulate,
        average_decay=0.5,
        finite=FiniteGuard("skip", limit=1, folder=Path(sys.argv[1]) / "refused") if poison else None,
    )
    kept = Gradients()
    callbacks = [kept, PoisonOnOneProcess()] if poison else [kept]
    trainer = pl.Trainer(
        accelerator="cpu", max_steps=STEPS, logger=False, enable_progress_bar=False, enable_model_summary=False,
        enable_checkpointing=False, num_sanity_val_steps=0, use_distributed_sampler=False, callbacks=callbacks,
        **trainer_options,
    )  # fmt: skip
    trainer.fit(module, data)
    return {
        "gradients": kept.steps,
        "draws": kept.draws,
        "validated": kept.validated,
        "weights": {key: value.clone() for key, value in module.state_dict().items()},
        "scores": {name: value.item() for name, value in trainer.callback_metrics.items() if name.startswith("val/")},
        "rank": trainer.global_rank,
        "skipped": module.skipped_steps,
    }


VARIANTS = [
    {"batch_size": 2},
    {"batch_size": 1, "accumulate": 2},
    {"batch_size": 2, "order": "discriminator_first"},
]
POISONED = {"batch_size": 2, "poison": True}
FEW_CLIPS = {"batch_size": 2, "held_out": 1}  # fewer than processes

if __name__ == "__main__":
    torch.set_num_threads(1)
    for number, variant in enumerate([*VARIANTS, POISONED, FEW_CLIPS]):
        kept = train(**variant, devices=2, strategy="ddp_find_unused_parameters_true")
        torch.save(kept, Path(sys.argv[1]) / f"variant{number}_rank{kept['rank']}.pt")
