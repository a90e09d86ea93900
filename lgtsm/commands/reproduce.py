"""Train and score what a table of the paper shows: `lgtsm reproduce table1|table2 [KEY=VALUE ...] [-o OUT]`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lgtsm.commands.command_line import command_parser, run_command
from lgtsm.counted import counted

if TYPE_CHECKING:
    from lgtsm.evaluation.paper_tables import PaperTable

DATA_SETS = ("fvi", "face_forensics")
BUDGETS = ("published", "small")
# So that networks narrowed to width 16 keep the published ratios of parameters.
SMALL_WIDTHS = {"tsm_gan": "model.width=22", "combcn": "model.width=8"}
SMALL_PROTOCOL = [
    "protocol.num_frames=6", "protocol.height=64", "protocol.width=64", "protocol.masks=drawn", "protocol.limit=20",
]  # fmt: skip
GOES_ON = "Start the same command again to go on from there."


def make_parser() -> argparse.ArgumentParser:
    """Return the parser."""
    parser = command_parser(
        "reproduce",
        "Train every system of a table of the paper that is not trained yet, score all by the paper's protocol, and "
        "write the table beside the published one (table.md, table.html, table.tex), and the differences between the "
        "systems, with intervals (comparison.md, .html, .tex and .csv). The same command goes on after a stop.",
    )
    parser.add_argument("table", metavar="TABLE", help="table1 or table2")
    parser.add_argument(
        "settings",
        nargs="*",
        metavar="KEY=VALUE",
        help="dataset=fvi or face_forensics; budget=published or small (any folder of videos, named by data.root, two "
        "cores, minutes a system); protocol.KEY=VALUE for the scoring; others are of every training",
    )
    parser.add_argument("--rows", metavar="NAMES", help="only these systems, with commas between (default: all)")
    parser.add_argument("-o", "--output", metavar="OUT", help="folder for it all (default: runs/TABLE_DATASET_BUDGET)")
    return parser


def run(arguments: argparse.Namespace) -> None:
    """Train and score row by row; write the table after each."""
    from lgtsm.evaluation.paper_tables import TABLES
    from lgtsm.places import make_folder

    given = _settings(arguments.settings)
    dataset, budget = given.pop("dataset", "fvi"), given.pop("budget", "published")
    for name, value, known in (("dataset", dataset, DATA_SETS), ("budget", budget, BUDGETS)):
        if value not in known:
            raise ValueError(f"{name} must be one of {', '.join(known)}; got {value!r}.")
    if (arguments.table, dataset) not in TABLES:
        there = ", ".join(f"{table} dataset={data}" for table, data in TABLES)
        raise ValueError(f"The paper has no {arguments.table} of {dataset}; it has {there}.")
    table = TABLES[arguments.table, dataset]
    names = arguments.rows.split(",") if arguments.rows else list(table.rows)
    if unknown := [name for name in names if name not in table.rows]:
        raise ValueError(f"{table.name} has the rows {', '.join(table.rows)}; it has no {', '.join(unknown)}.")
    if budget == "small" and "data.root" not in given:
        raise ValueError("budget=small trains on any folder of videos. Name it: data.root=VIDEOS.")
    out = Path(arguments.output or Path("runs", f"{arguments.table}_{dataset}_{budget}")).absolute()
    make_folder(out)
    _claim(out, {"table": arguments.table, "dataset": dataset, "budget": budget, **given})
    scoring = [f"{key}={value}" for key, value in given.items() if key.startswith("protocol.")]
    training = [f"{key}={value}" for key, value in given.items() if not key.startswith("protocol.")]
    kinds = ",".join(table.kinds.values())
    scoring = [f"protocol={table.protocol}", f"protocol.kinds=[{kinds}]", *_small_scoring(budget, given, out), *scoring]
    if budget == "small":
        training = [f"data.split_folder={out / 'split'}", *training]
    elif "data.root" in given:
        scoring.append(f"protocol.videos={given['data.root']}")
    for name in names:
        _train(table, name, budget, out, training)
        _score(table, name, out, scoring)
        _write(table, out, budget, given)
    print(f"The table is in {out}: table.md, table.html and table.tex.")


def _claim(out: Path, settings: dict[str, str]) -> None:
    """Keep the settings in the folder, and refuse to mix them with others."""
    import json

    from lgtsm.whole_files import write_json

    file = out / "settings.json"
    if not file.is_file():
        write_json(file, settings)
        return
    found = json.loads(file.read_text())
    if differ := sorted(key for key in found.keys() | settings.keys() if found.get(key) != settings.get(key)):
        raise ValueError(
            f"{out} holds a table made with other settings: {', '.join(differ)}. Give the same ones, or another folder."
        )


def _settings(words: list[str]) -> dict[str, str]:
    given = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals or not key or not value:
            raise ValueError(f"Settings must be written as KEY=VALUE; got {word!r}.")
        given[key] = value
    return given


def _small_scoring(budget: str, given: dict[str, str], out: Path) -> list[str]:
    """Hold out a tenth of the films of any folder of videos, and return what scores them on a small budget."""
    if budget != "small":
        return []
    from lgtsm.data.splits import write_split_of_films
    from lgtsm.video.listing import list_videos

    root = Path(given["data.root"])
    names = [path.relative_to(root).with_suffix("").as_posix() for path in list_videos(root)]
    write_split_of_films(names, out / "split")
    return [f"protocol.videos={root}", f"protocol.split_folder={out / 'split'}", *SMALL_PROTOCOL]


def _train(table: PaperTable, name: str, budget: str, out: Path, overrides: list[str]) -> None:
    """Train one row's stages, each from the weights of the one before, from their newest checkpoints."""
    row = table.rows[name]
    before: Path | None = None
    for number, experiment in enumerate(row.experiments):
        stage = out / "runs" / (name if number == len(row.experiments) - 1 else f"{name}_{number + 1}")
        words = [f"experiment={experiment}", "evaluate=false", "resume=auto", f"paths.run={stage}"]
        if budget == "small":
            words += ["budget=small", *([SMALL_WIDTHS[name]] if name in SMALL_WIDTHS else [])]
        if before is not None:
            words.append(f"init_from={before}")
        before = stage / "generator.safetensors"
        if not before.is_file():
            _call("train", [*words, *overrides], f"Training {row.title} ({experiment})")


def _score(table: PaperTable, name: str, out: Path, scoring: list[str]) -> None:
    """Score one row, unless that is done."""
    folder, row = out / "scores" / name, table.rows[name]
    if (folder / "metrics.json").is_file():
        return
    weights = out / "runs" / name / "generator.safetensors"
    what = (
        ["methods=[]", f"checkpoint={weights}", f"name={name}"] if row.method is None else [f"methods=[{row.method}]"]
    )
    _call("evaluate", [*scoring, *what, "num_pictures=1", f"paths.run={folder}"], f"Scoring {row.title}")


def _call(command: str, words: list[str], what: str) -> None:
    """Run one of our commands in a process of its own, which prints and stops as if it were typed."""
    import subprocess
    import sys

    print(f"{what}: lgtsm {command} {' '.join(words)}", flush=True)
    code = subprocess.run([sys.executable, "-m", f"lgtsm.{command}", *words], check=False).returncode
    if code:
        raise ValueError(f"{what} ended with exit code {code}; its own words stand above. {GOES_ON}")


def _named(table: PaperTable, name: str) -> str:
    """Return the name of a row in its evaluation."""
    return table.rows[name].method or name


def _write(table: PaperTable, out: Path, budget: str, given: dict[str, str]) -> None:
    import json

    from lgtsm.document import to_markdown
    from lgtsm.evaluation.comparison import compare, write_comparison
    from lgtsm.evaluation.paper_tables import paper_blocks
    from lgtsm.evaluation.table_files import write_document

    documents: dict[str, Any] = {}
    for name in table.rows:
        file = out / "scores" / name / "metrics.json"
        if file.is_file():
            documents[name] = json.loads(file.read_text())
    protocol = next(iter(documents.values()))["protocol"]
    settings = f"budget={budget}" + "".join(f", {key}={value}" for key, value in given.items() if key != "data.root")
    said = (
        f"Ours: {settings}; {counted(protocol['videos'], 'video')}, {counted(protocol['num_frames'], 'frame')} of "
        f"{protocol['width']}x{protocol['height']}, masks {protocol['masks']}."
    )
    blocks = paper_blocks(table, documents, said)
    write_document(out, "table", blocks)
    print(to_markdown(blocks), flush=True)
    if len(documents) > 1:
        against = "lgtsm" if "lgtsm" in documents else next(iter(documents))
        blocks, plain = compare([out / "scores" / name for name in documents], _named(table, against))
        write_comparison(out, blocks, plain)


def main(argv: list[str] | None = None) -> None:
    """Entry point of `lgtsm reproduce`."""
    run_command(make_parser(), run, argv, GOES_ON, mixed=True)
