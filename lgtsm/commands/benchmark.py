"""Measure speed: `lgtsm benchmark inference|stream|train|fill|masks|data ... [--json FILE]`."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from lgtsm.commands.command_line import check_given, command_parser
from lgtsm.counted import counted
from lgtsm.exits import exit_with_sentence
from lgtsm.precision_names import PRECISIONS
from lgtsm.threads import use_threads, wait_patiently

NETWORK_COLUMNS = MappingProxyType(
    {
        "gflop_per_frame": ("GFLOP", 1),
        "share_of_ceiling": ("% of top", 100),
        "peak_memory_mib": ("MiB", 1),
    }
)
BESIDE = "measure this class of yours beside ours, in fp32: {}"


def make_parser() -> argparse.ArgumentParser:
    """Return the parser: one subcommand per subject, which sets `function` and `parser`."""
    parser = command_parser(
        "benchmark", "Time alternatives in turns; print medians and spread, with the hardware and the commit."
    )
    subjects = parser.add_subparsers(dest="subject", metavar="SUBJECT", required=True)
    shared = argparse.ArgumentParser(add_help=False, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    shared.add_argument("--json", metavar="FILE", help="write all measurements to FILE")
    shared.add_argument("--repeats", type=int, default=5, help="turns")
    shared.add_argument("--seed", type=int, default=0)
    shared.add_argument("--threads", type=int, help="torch's and OpenCV's threads; all cores of this process if unset")
    sized = argparse.ArgumentParser(add_help=False, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    sized.add_argument("--height", type=int, default=180)
    sized.add_argument("--width", type=int, default=320)
    options: dict[str, Any] = {"parents": [shared, sized], "formatter_class": argparse.ArgumentDefaultsHelpFormatter}

    on_device = argparse.ArgumentParser(add_help=False, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    on_device.add_argument("--device", default="cpu", help="such as cpu, cuda, cuda:1")
    precise = argparse.ArgumentParser(add_help=False, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    precise.add_argument(
        "--precision", dest="precisions", nargs="+", choices=PRECISIONS, default=["fp32"], help="one or more"
    )
    with_device = options | {"parents": [shared, sized, on_device, precise]}
    for subject, what in (("inference", "networks on whole clips"), ("stream", "networks frame by frame")):
        networks = subjects.add_parser(subject, help=what, **with_device)
        networks.add_argument("--model", dest="models", metavar="NAME", nargs="+", default=["lgtsm"])
        networks.add_argument(
            "--option", dest="model_options", metavar="KEY=VALUE", nargs="+", default=[], help="of all models: width=32"
        )
        networks.add_argument("--frames", dest="num_frames", metavar="FRAMES", type=int, default=8)
        networks.add_argument("--batch-size", type=int, default=1)
        networks.add_argument("--compile", action="store_true", help="run each network compiled, too")
        networks.add_argument("--beside", metavar="CLASS", help=BESIDE.format("called with the first network"))
        networks.set_defaults(function=run_networks, parser=networks)

    alone = options | {"parents": [shared, precise]}
    training = subjects.add_parser("train", help="training steps of an experiment", **alone)
    training.add_argument("overrides", metavar="KEY=VALUE", nargs="*", help="as for lgtsm train: experiment=demo")
    training.add_argument("--steps", type=int, default=3, help="steps per turn")
    training.add_argument(
        "--beside",
        metavar="CLASS",
        help=BESIDE.format("called with generator and discriminator, then with video and hole"),
    )
    training.set_defaults(function=run_training, parser=training)

    fill = subjects.add_parser("fill", help="filling clips with the methods that ship", **with_device)
    fill.add_argument("folder", nargs="?", help="folder of videos; drawn clips if none is named")
    fill.add_argument("--method", dest="methods", metavar="NAME", nargs="+", default=["flow-fusion", "key-frames"])
    fill.add_argument("--frames", dest="num_frames", metavar="FRAMES", type=int, default=24)
    fill.add_argument("--hole-share", type=float, default=0.2, help="missing share of each clip")
    fill.add_argument("--clips", type=int, default=3, help="clips per turn")
    fill.set_defaults(function=run_filling, parser=fill)

    masks = subjects.add_parser("masks", help="drawing holes", **options)
    masks.add_argument("--kind", default="object_like")
    masks.add_argument("--strokes", dest="num_strokes", metavar="STROKES", type=int, default=5)
    masks.add_argument("--frames", dest="num_frames", metavar="FRAMES", type=int, default=32)
    masks.add_argument("--clips", type=int, default=40, help="clips per turn")
    masks.set_defaults(function=run_masks, parser=masks)

    data = subjects.add_parser("data", help="the data pipeline against decoding alone", **options)
    data.add_argument("folder", help="folder of videos or of frame folders")
    data.add_argument("--frames", dest="num_frames", metavar="FRAMES", type=int, default=7)
    data.add_argument("--batch-size", type=int, default=5)
    data.add_argument("--batches", type=int, default=20, help="batches per turn")
    data.add_argument("--workers", type=int, nargs="+", default=[0, 1, 2])
    data.add_argument("--limit", type=int, default=40, help="use at most this many videos")
    data.add_argument("--video-files", metavar="DIR", help="original videos of the frame folders, to time decord")
    data.add_argument("--memory-clips", type=int, default=0, metavar="N", help="read N clips and record memory")
    data.set_defaults(function=run_data, parser=data)
    return parser


def run_networks(arguments: argparse.Namespace) -> dict[str, Any]:
    """Time networks on random clips."""
    import yaml

    from lgtsm.benchmarks.networks import measure_networks
    from lgtsm.commands.own_network import import_own
    from lgtsm.models.catalog import create_model, list_models

    a = arguments
    live = a.subject == "stream"
    given = dict(option.partition("=")[::2] for option in a.model_options)
    known = list_models(networks=True)
    for name in a.models:
        if name not in known:
            raise ValueError(f"`models` must name networks, of {', '.join(known)}; got {name!r}.")
    options = {key: yaml.safe_load(value) for key, value in given.items()}
    networks = {name: create_model(name, **options) for name in a.models}
    for name, network in networks.items():
        if live and not hasattr(network, "step"):
            raise ValueError(f"`models` must name networks that step from frame to frame, such as lgtsm; got {name!r}.")
    plain = {}
    if a.beside is not None:
        plain[short(a.beside)] = import_own(a.beside, "beside")(networks[a.models[0]])
    sizes = a.num_frames, a.height, a.width, a.batch_size
    result = measure_networks(
        networks, a.precisions, *sizes, a.repeats, a.seed, a.device, live=live, compiled=a.compile, plain=plain
    )
    title = f"{counted(a.batch_size, 'clip')} of {counted(a.num_frames, 'frame')} {a.width}x{a.height}"
    print_rates(title + (", frame by frame" if live else ""), "frames/s", result["rates"], NETWORK_COLUMNS)
    for name, rate in result["ceilings"].items():
        print(f"{name}: {rate['median']:.0f} GFLOP/s (from {rate['least']:.0f} to {rate['greatest']:.0f})")
    print_ratios(result["ratios"])
    return result


def run_training(arguments: argparse.Namespace) -> dict[str, Any]:
    """Time the training steps of an experiment, in its GAN stage if it has one."""
    from hydra import compose, initialize_config_dir
    from hydra.errors import HydraException
    from omegaconf.errors import OmegaConfBaseException

    from lgtsm.benchmarks.training import measure_training
    from lgtsm.commands.own_network import import_own
    from lgtsm.commands.train_start import build_generator, leave_out_features
    from lgtsm.config.build import ConfigError, build
    from lgtsm.config.folder import config_folder
    from lgtsm.training.inpainting_gan import InpaintingGAN
    from lgtsm.training.precision import LIGHTNING
    from lgtsm.training.start import seed_everything

    a = arguments
    first = ["max_steps=1", "adversarial.start_step=0", "missing_features=leave_out"]
    try:
        with initialize_config_dir(config_folder(), version_base="1.3"):
            config = compose("train", [*_allowed(first, a.overrides), *a.overrides])
    except (HydraException, OmegaConfBaseException) as error:
        raise ConfigError(f"The configuration cannot be composed: {' '.join(str(error).split())}") from error
    left_out = leave_out_features(config)
    if left_out is not None:
        print(left_out)
    modules: dict[str, Any] = {}
    for precision in a.precisions:
        seed_everything(a.seed)
        generator, discriminator = build_generator(config.model), build(config.discriminator, "discriminator")
        parts = {"generator": generator, "discriminator": discriminator}
        module = build(config.module, "module", InpaintingGAN, **parts)
        options = {"accelerator": config.trainer.accelerator, "devices": 1, "precision": LIGHTNING[precision]}
        modules[precision] = module, options
    plain = {}
    if a.beside is not None:
        plain[short(a.beside)] = import_own(a.beside, "beside")(generator, discriminator)
    sizes = config.num_frames, config.height, config.width, config.batch_size
    result = measure_training(modules, *sizes, a.steps, a.repeats, a.seed, plain)
    result["settings"]["overrides"] = list(a.overrides)
    title = f"training, {counted(sizes[3], 'clip')} of {counted(sizes[0], 'frame')} {sizes[2]}x{sizes[1]} a step"
    print_rates(title, "clips/s", result["rates"])
    print_ratios(result["ratios"])
    return result


def run_filling(arguments: argparse.Namespace) -> dict[str, Any]:
    """Time how fast methods fill clips."""
    from lgtsm.benchmarks.filling import measure_filling

    a = arguments
    sizes = a.num_frames, a.height, a.width, a.hole_share, a.clips
    result = measure_filling(a.methods, a.precisions, a.folder, *sizes, a.repeats, a.seed, a.device)
    title = f"filling {counted(a.num_frames, 'frame')} {a.width}x{a.height}, hole {100 * a.hole_share:.0f} %"
    print_rates(title, "frames/s", result["rates"], {"peak_memory_mib": ("MiB", 1)})
    print_ratios(result["ratios"])
    return result


def run_masks(arguments: argparse.Namespace) -> dict[str, Any]:
    """Time how fast holes are drawn."""
    from lgtsm.benchmarks.masks import measure_masks

    a = arguments
    result = measure_masks(a.kind, a.num_strokes, a.num_frames, a.height, a.width, a.clips, a.repeats, a.seed)
    print_rates(
        f"{a.num_strokes} {a.kind} strokes, {counted(a.num_frames, 'frame')} {a.width}x{a.height}",
        "clips/s",
        result["rates"],
    )
    return result


def run_data(arguments: argparse.Namespace) -> dict[str, Any]:
    """Time the data pipeline."""
    from lgtsm.benchmarks.data import measure_data, measure_memory

    a = arguments
    clips, timing = (a.folder, a.num_frames, a.height, a.width), (a.batch_size, a.batches, a.workers, a.repeats)
    result = measure_data(*clips, *timing, a.seed, a.limit, a.video_files)
    print_rates(
        f"clips of {counted(a.num_frames, 'frame')} {a.width}x{a.height} from {a.folder}", "frames/s", result["rates"]
    )
    print_ratios(result["ratios"])
    if a.memory_clips:
        result["memory"] = measure_memory(a.folder, a.memory_clips, a.num_frames, a.height, a.width)
        for point in result["memory"]:
            print(f"{point['clips']:>8.0f} clips: {point['mib']:.0f} MiB")
    return result


def print_rates(
    title: str,
    unit: str,
    rates: dict[str, dict[str, Any]],
    more: Mapping[str, tuple[str, float]] = MappingProxyType({}),
) -> None:
    """Print a table of `lgtsm.benchmarks.timing.measure`; `more`: key -> heading and factor of further columns."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(f"{title}: {unit}"), title_justify="left")  # which may hold a path
    table.add_column("", overflow="fold")
    for column in ("median", "least", "greatest", "per CPU second", *(heading for heading, _ in more.values())):
        table.add_column(column, justify="right")
    for name, rate in rates.items():
        cells = [f"{rate[key]:.2f}" for key in ("median", "least", "greatest", "cpu_median")]
        others = (None if rate[key] is None else factor * rate[key] for key, (_, factor) in more.items())
        table.add_row(name, *cells, *("n/a" if number is None else f"{number:.1f}" for number in others))
    Console().print(table)


def print_ratios(ratios: dict[str, dict[str, float]]) -> None:
    """Print ratios of `lgtsm.benchmarks.timing.ratio`."""
    for name, ratio in ratios.items():
        print(f"{name}: {ratio['median']:.2f} (from {ratio['least']:.2f} to {ratio['greatest']:.2f})")


def short(name: str) -> str:
    """Return the last part of a class's name."""
    return name.rpartition(".")[2]


def _allowed(first: list[str], overrides: list[str]) -> list[str]:
    """Return the settings to begin with that a person does not make."""
    made = {override.partition("=")[0] for override in overrides}
    return [setting for setting in first if setting.partition("=")[0] not in made]


def main(argv: list[str] | None = None) -> None:
    """Entry point of `lgtsm benchmark`."""
    wait_patiently()
    arguments = make_parser().parse_args(argv)
    with exit_with_sentence("benchmark", arguments.parser):
        check_given(arguments, arguments.parser)
        from pathlib import Path

        from lgtsm.outputs import Place, check_outputs
        from lgtsm.places import check_place
        from lgtsm.surroundings import surroundings
        from lgtsm.video.listing import list_videos
        from lgtsm.whole_files import write_json

        if arguments.json:
            folder = getattr(arguments, "folder", None)
            read = [] if folder is None else list_videos(folder)
            check_outputs([Place("`json`", Path(arguments.json))], [Place("a video", path) for path in read])
            check_place(Path(arguments.json))
        if arguments.threads is not None:
            use_threads(arguments.threads)
        about = surroundings()
        print(f"{about['processor']}, {about['cores']} cores, load {about['load']}, commit {about['commit']}")
        result = arguments.function(arguments)
        if arguments.json:
            write_json(arguments.json, {"subject": arguments.subject, "surroundings": about, **result})
