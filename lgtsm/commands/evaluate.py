"""Score methods: `lgtsm evaluate checkpoint=FILE [protocol=paper_fvi protocol.videos=DIR] [KEY=VALUE]`."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hydra
from omegaconf import DictConfig, ListConfig, OmegaConf

from lgtsm.commands.command_line import progress_bar
from lgtsm.commands.composed import run_hydra
from lgtsm.commands.own_network import import_own
from lgtsm.commands.run_folder import try_folder
from lgtsm.config.folder import config_folder
from lgtsm.config.job import remove_if_empty, run_folder, write_overrides
from lgtsm.counted import counted
from lgtsm.exits import exit_with_sentence
from lgtsm.optional import UnavailableError
from lgtsm.threads import wait_patiently

if TYPE_CHECKING:
    from lgtsm.evaluation.methods import Method
    from lgtsm.evaluation.processes import Processes
    from lgtsm.evaluation.protocol import Protocol
    from lgtsm.precision import Choice
    from lgtsm.sole_writer import SoleWriter


def run(config: DictConfig) -> dict[str, dict[str, float]]:
    """Score the configured methods, alone or as one of torchrun's processes, and write the report.

    Returns:
        name of the method -> mean scores over all kinds and bins; empty in all processes but the first.

    Raises:
        ValueError, FileNotFoundError: the configuration, a checkpoint or results are unusable; or, when the report is
            written, a method was scored on no clip.
    """
    import torch

    from lgtsm.checks import check_choice, check_device
    from lgtsm.config.record import write_config
    from lgtsm.evaluation.inputs import write_inputs
    from lgtsm.evaluation.processes import join_processes
    from lgtsm.evaluation.report import mean_scores
    from lgtsm.evaluation.run import evaluate
    from lgtsm.precision_names import AUTO, PRECISIONS

    check_values(config)
    check_device(config.device)
    check_choice("precision", config.precision, (AUTO, *PRECISIONS))
    torch.manual_seed(config.seed)
    torch.backends.cudnn.benchmark, torch.backends.cudnn.deterministic = False, True
    check_folders(config)
    protocol = make_protocol(config)
    if config.write_inputs is not None:
        print(f"{counted(write_inputs(protocol, config.write_inputs), 'clip')} with their masks: {config.write_inputs}")
        return {}
    with join_processes() as processes:
        device = processes.device(config.device)
        results = [config.results] if isinstance(config.results, str) else list(config.results or [])
        folder = Path(processes.of_first(str(config.paths.run)))
        one_cell = len(protocol.kinds) * len(protocol.centers) == 1
        chosen = set_precision(config, device, folder, processes) if config.checkpoint is not None else None
        methods = configured_methods(config, results, one_cell, device)
        if chosen is not None and processes.rank == 0:
            print(f"lgtsm evaluate: {chosen}", file=sys.stderr)
        metrics, unavailable = make_metrics(config.metric, device)
        with (
            sole_evaluation(folder) if processes.rank == 0 else nullcontext(),
            progress_bar("Clips scored", shown=processes.rank == 0) as progress,
        ):
            document = evaluate(
                protocol,
                methods,
                metrics,
                unavailable,
                folder,
                num_pictures=config.num_pictures,
                bootstrap_seed=config.seed,
                device=device,
                processes=processes,
                progress=progress,
            )
    if document is None:
        return {}
    write_config(config, folder)
    write_overrides(folder)
    (table, *_) = (folder / "report.md").read_text(encoding="utf-8").split("\n## ")
    print(f"{table.strip()}\n\nReport: {folder / 'report.html'}")
    check_scored(folder, list(document["methods"]))
    return mean_scores(document)


def configured_methods(config: DictConfig, results: list[str], one_cell: bool, device: str) -> list[Method]:
    """Build the methods to score; a network of one's own takes its weights as `network` says.

    Raises:
        ValueError, FileNotFoundError: a method or `network` is unusable, or the checkpoint needs one and it is null.
    """
    from torch import nn

    from lgtsm.config.build import build
    from lgtsm.evaluation.methods import make_methods
    from lgtsm.models.weights import NeedsClassError

    if isinstance(config.network, str):
        network = import_own(config.network, "network")
    else:
        network = build(config.network, "network", nn.Module)
    try:
        return make_methods(
            config.methods, config.checkpoint, config.name, results, one_cell, device, config.precision, network
        )
    except NeedsClassError as error:
        raise ValueError(
            f"{error.holds} Name the class, if you trust its code, as in network=my_package.MyModel."
        ) from error


def check_values(config: DictConfig) -> None:
    """Refuse values of another kind.

    Raises:
        ValueError: names the key.
    """
    from lgtsm.config.check import check_texts, check_whole

    check_whole(config, {"seed": 0, "num_pictures": 0})
    check_texts(config, "name")
    if not isinstance(config.methods, ListConfig):
        raise ValueError(f"methods must be a list, such as [telea,key-frames]; got {config.methods!r}.")
    if not isinstance(config.results, (ListConfig, str, type(None))):
        raise ValueError(f"results must be NAME:FOLDER, or a list of these; got {config.results!r}.")
    if not isinstance(config.network, (DictConfig, str, type(None))):
        raise ValueError(f"network must name a class, or hold its _target_ and arguments; got {config.network!r}.")


def check_folders(config: DictConfig) -> None:
    """Refuse to write among the videos or results that are read.

    Raises:
        ValueError: names the two folders.
    """
    from lgtsm.config.check import check_paths
    from lgtsm.outputs import identity

    check_paths(config)
    results = [config.results] if isinstance(config.results, str) else list(config.results or [])
    read = [("results", entry.partition(":")[2]) for entry in results]
    read += [(key, OmegaConf.select(config, key)) for key in ("protocol.videos", "data.root")]
    for key in ("paths.run", "write_inputs"):
        if (place := OmegaConf.select(config, key)) is None:
            continue
        around = {identity(folder) for folder in (Path(place).resolve(), *Path(place).resolve().parents)}
        for name, folder in read:
            if folder and identity(Path(folder)) in around:
                raise ValueError(f"{key} must lie outside the folder of {name}; {place} is in {folder}. Name another.")


def sole_evaluation(folder: Path) -> SoleWriter:
    """Return the right to write this evaluation, to hold meanwhile."""
    from lgtsm.places import make_folder
    from lgtsm.sole_writer import SoleWriter

    make_folder(folder)
    return SoleWriter(folder, inside=True)


def check_scored(folder: Path, methods: list[str]) -> None:
    """Refuse an evaluation in which a method was scored on no clip.

    Raises:
        ValueError: names the method and the first problem.
    """
    from lgtsm.evaluation.summary import read_records

    records = read_records(folder, methods)
    for method in methods:
        own = [record for record in records if record["method"] == method]
        if all("problem" in record for record in own):
            why = own[0]["problem"] if own else "The protocol has no clip."
            raise ValueError(f"{method} could be scored on none of {counted(len(own), 'clip')}. {why}")


def make_protocol(config: DictConfig) -> Protocol:
    """Build the protocol; an error names a missing value and how to set it."""
    from omegaconf.errors import InterpolationToMissingValueError, MissingMandatoryValue

    from lgtsm.config.build import build
    from lgtsm.config.check import check_complete
    from lgtsm.evaluation.protocol import Protocol

    try:
        OmegaConf.to_container(config.protocol, resolve=True, throw_on_missing=True)
    except (InterpolationToMissingValueError, MissingMandatoryValue):
        check_complete(config)
    return build(config.protocol, "protocol", Protocol)


def set_precision(config: DictConfig, device: str, folder: Path, processes: Processes) -> Choice | None:
    """Replace precision=auto by one choice for all processes, and return it.

    An evaluation that continues in `folder` keeps its precision.
    """
    from lgtsm.evaluation.ledger import claimed
    from lgtsm.precision import Choice, choose_precision
    from lgtsm.precision_names import AUTO

    if config.precision != AUTO:
        return None
    kept = claimed(folder, config.name).get("precision")
    choice = choose_precision(device) if kept is None else Choice(kept, f"the evaluation in {folder} started with it")
    config.precision = processes.of_first(choice.name)
    return choice


def make_metrics(config: DictConfig, device: str) -> tuple[dict[str, Any], dict[str, tuple[str, str]]]:
    """Build the configured metrics.

    Returns:
        name -> metric; and for metrics that cannot run on this machine, name -> (short reason, full sentence).
    """
    from torchmetrics import Metric

    from lgtsm.config.build import build

    metrics, unavailable = {}, {}
    for key, node in config.items():
        name = str(key)
        try:
            metric = build(node, f"metric.{name}", Metric)
        except UnavailableError as error:
            unavailable[str(name)] = error.short, str(error)
            continue
        if metric is not None:
            metrics[str(name)] = metric.to(device)
    return metrics, unavailable


@hydra.main(version_base="1.3", config_path=config_folder(), config_name="evaluate")
def _job(config: DictConfig) -> None:
    with exit_with_sentence("evaluate"):
        config.paths.run = run_folder(config)
    again = f"To go on, repeat the command with paths.run={config.paths.run}."
    try:
        with exit_with_sentence("evaluate", if_stopped=again):
            try_folder(config.paths.run)
            run(config)
    finally:
        remove_if_empty(config.paths.run)


def main() -> None:
    """Entry point of `lgtsm evaluate`."""
    wait_patiently()
    run_hydra("evaluate", _job)
