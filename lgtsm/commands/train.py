"""Train a model: `python -m lgtsm.train [experiment=NAME] [KEY=VALUE ...]`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import hydra
from omegaconf import DictConfig, OmegaConf

from lgtsm.commands.composed import run_hydra
from lgtsm.commands.run_folder import try_folder
from lgtsm.commands.train_start import (
    build_generator,
    changes_since,
    check_scores,
    check_values,
    leave_out_features,
    start_from,
    try_optimizers,
)
from lgtsm.config.build import ConfigError
from lgtsm.config.folder import config_folder
from lgtsm.config.job import name_in_sweep, needs_value, remove_if_empty, run_folder, write_overrides
from lgtsm.config.sweep import expand_globs
from lgtsm.exits import exit_with_sentence
from lgtsm.threads import threads_beside_loaders, wait_patiently
from lgtsm.training.stop_signals import EXIT_STATUS, StoppedBySignal, StopSignals


def run(config: DictConfig, signals: StopSignals | None = None) -> dict[str, Any]:
    """Train as configured, then score the result.

    Args:
        config: the composed configuration; `paths.run` names the output folder.
        signals: an active listener. A signal before training stops it after the first step; one after training, while
            the result is scored, has no effect.

    Returns:
        {"module": the trained LightningModule, "trainer": the Trainer, "scores": the final table or None, "value": the
        last logged `optimized_metric`, or None}.

    Raises:
        ValueError: the configuration is unusable; the message names the key.
    """
    from lgtsm.config.check import check_complete

    check_complete(config)  # before the slow imports

    import torch
    from torch import nn

    from lgtsm.config.build import build, build_all
    from lgtsm.config.changes import compared
    from lgtsm.config.record import plain, write_config
    from lgtsm.data.trial import check_samples
    from lgtsm.evaluation.report import mean_scores, scores_table
    from lgtsm.evaluation.validation import score_trained
    from lgtsm.models.weights import save_model
    from lgtsm.precision import allow_tf32
    from lgtsm.training.callbacks import RunCheckpoints
    from lgtsm.training.checkpoint_files import check_reloadable
    from lgtsm.training.datamodule import ClipDataModule
    from lgtsm.training.inpainting_gan import InpaintingGAN
    from lgtsm.training.loading_errors import without_traceback
    from lgtsm.training.precision import short_name, training_device, training_precision
    from lgtsm.training.resuming import check_continues, read_checkpoint, videos_of
    from lgtsm.training.start import (
        PARTS,
        check_hardware,
        checkpoint_to_resume,
        hide_known_advice,
        plugins,
        seed_everything,
    )

    check_values(config)
    folder = Path(config.paths.run)
    resume = checkpoint_to_resume(config.resume, folder)
    options: Any = OmegaConf.to_container(config.trainer, resolve=True)
    check_hardware(options)
    seed_everything(config.seed)
    hide_known_advice()
    if config.num_threads is not None:
        torch.set_num_threads(config.num_threads)
    stored = None if resume is None else read_checkpoint(resume)
    changed = changes_since(stored, resume, config)
    config.trainer.precision, why_precision = training_precision(options, resume)
    config.precision = short_name(config.trainer.precision)
    if why_precision is not None and config.precision != "fp32":  # a plain fp32 run must stay exact when resumed
        allow_tf32(training_device(options))

    generator = build_generator(config.model)
    discriminator = build(config.discriminator, "discriminator", nn.Module)
    matched = start_from(config, generator, discriminator)
    left_out = leave_out_features(config)
    module = build(config.module, "module", InpaintingGAN, generator=generator, discriminator=discriminator)
    try_optimizers(module)
    data = build(config.loader, "loader", ClipDataModule)
    if config.num_threads is None:
        torch.set_num_threads(threads_beside_loaders(data.num_workers))
    module.videos = videos_of(data.train)
    module.renew_optimizers = any(change.key.split(".")[0] in ("optimizer", "max_steps") for change in changed)
    module.config = compared(config)
    if stored is not None and resume is not None:
        check_continues(stored, resume, module)
    callbacks = build_all(config.callbacks, "callbacks", PARTS["callbacks"])
    check_scores(config, module, callbacks.values())
    check_reloadable(
        {"module": module.state_dict(), **{f"callbacks.{k}": c.state_dict() for k, c in callbacks.items()}}
    )
    for callback in callbacks.values():
        if isinstance(callback, RunCheckpoints):
            callback.earlier = signals
    check_samples(data.train, "training", augment=True)
    check_samples(data.validation, "validation", augment=False)
    loggers = build_all(config.logger, "logger", PARTS["logger"])
    parts = {"callbacks": list(callbacks.values()), "logger": list(loggers.values()), "plugins": plugins()}
    trainer = build(config.trainer, "trainer", PARTS["trainer"], **parts)
    if trainer.is_global_zero:
        write_config(config, folder)
        write_overrides(folder)
        for sentence in (why_precision, left_out):
            if sentence is not None:
                print(sentence)
        for network, match in matched.items():
            print(f"{network} from {config.init_from}: {match}")
        if config.resume is not None:
            print(f"Resuming from {resume}." if resume else f"No checkpoint in {folder} yet: starting a new run.")
        if stored is not None and changed:
            print(f"Changed from step {stored['global_step']} on: {', '.join(map(str, changed))}.")
    with without_traceback():
        trainer.fit(module, data, ckpt_path=resume)

    scores = None
    value = trainer.callback_metrics.get(config.optimized_metric)
    if trainer.is_global_zero:
        name = plain(config)["name"]
        about = {"name": name, "steps": trainer.global_step, "seed": config.seed}
        trained = module.inference_generator.eval().cpu()
        weights = folder / "generator.safetensors"
        save_model(trained, weights, about | {"training_precision": config.precision})
        if config.evaluate:
            document = score_trained(data.validation, trained, weights, name, folder / "evaluation")
            scores = mean_scores(document)
            print(f"\nHeld-out clips ({len(data.validation)}):\n{scores_table(document)}\nRun folder: {folder}")
    return {
        "module": module,
        "trainer": trainer,
        "scores": scores,
        "value": None if value is None else float(value),
    }


@hydra.main(version_base="1.3", config_path=config_folder(), config_name="train")
def _job(config: DictConfig) -> float | None:
    with exit_with_sentence("train"):
        config.paths.run = run_folder(config)  # in a sweep only Hydra knows each job's folder
    name_in_sweep(config)
    again = f"To continue from its last checkpoint, run the same command with resume=auto paths.run={config.paths.run}."
    try:
        with exit_with_sentence("train", if_stopped=again), StopSignals() as signals:
            try_folder(config.paths.run)
            check_optimized(config)
            return given_back(run(config, signals), config)
    except StoppedBySignal:
        sys.exit(EXIT_STATUS)
    finally:
        remove_if_empty(config.paths.run)


def check_optimized(config: DictConfig) -> None:
    """Refuse a sweep whose runs end before the score that it goes by.

    Raises:
        ConfigError: names the keys.
    """
    if not needs_value() or OmegaConf.is_missing(config, "max_steps"):
        return
    steps, between = config.max_steps, config.steps_per_epoch
    ends_before = isinstance(steps, int) and isinstance(between, int) and 0 < steps < between
    if str(config.optimized_metric).startswith("val/") and ends_before:
        raise ConfigError(
            f"optimized_metric={config.optimized_metric} comes from a validation, which follows {between} steps "
            f"(steps_per_epoch), but each run ends after {steps} (max_steps). Set steps_per_epoch={steps}."
        )


def given_back(results: dict[str, Any], config: DictConfig) -> float | None:
    """Return the value that the sweep goes by.

    Raises:
        ConfigError: it goes by one that the run did not log.
    """
    if results["value"] is None and needs_value():
        logged = ", ".join(sorted(name for name in results["trainer"].callback_metrics if "/" in name))
        raise ConfigError(
            f"optimized_metric must name a value that the run logs ({logged}); got {config.optimized_metric}."
        )
    return results["value"]


def main() -> None:
    """Entry point of `lgtsm train`."""
    wait_patiently()
    with exit_with_sentence("train"):
        sys.argv[1:] = expand_globs(sys.argv[1:])
    run_hydra("train", _job)
