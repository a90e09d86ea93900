"""The plan of rooms: which room may import which, and which packages only one may import."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[1] / "lgtsm"
ENTRY_POINTS = {"train", "evaluate", "inpaint", "__main__"}
EVERYONE = {
    "candidate_channels", "checks", "counted", "csv_table", "document", "exits", "lazy_names", "memory_meter",
    "optional", "os_errors", "outputs", "places", "precision", "precision_names", "progress_lines", "regular_file",
    "sole_writer", "stop", "surroundings", "threads", "torch_files", "version", "whole_files",
}  # fmt: skip
MAY_IMPORT = {
    "ops": set(),
    "layers": {"ops"},
    "models": {"layers", "ops"},  # its catalog also names classes of classical, imported on demand
    "classical": {"models", "ops"},
    "features": {"ops"},
    "losses": {"ops", "features"},
    "metrics": {"ops", "features"},
    "evaluation": {"metrics", "models", "ops", "masks", "video", "data"},
    "masks": set(),
    "video": set(),
    "data": {"masks", "video"},
    "inference": {"ops", "models", "classical", "video"},
    "app": {"masks", "video", "models", "inference"},
    "export": {"models"},
    "training": {"losses", "metrics", "data", "video", "ops"},
    "config": set(),
    "benchmarks": {"masks", "video", "data", "models", "inference", "training", "evaluation"},
}
MAY_IMPORT["commands"] = set(MAY_IMPORT)
ONLY_IN = {
    "argparse": ("commands/", "exits.py"),
    "hydra": ("config/", "commands/"),
    "omegaconf": ("config/", "commands/"),
    "pytorch_lightning": ("training/",),
    "decord": ("video/decord_reader.py",),
    "av": ("video/pyav.py",),
    "lpips": ("metrics/lpips.py",),
    "wandb": ("training/callbacks/",),
}
NAME_FLAGS = (
    "commands/",
    "__main__.py",
    "config/sweep.py",
    "surroundings.py",
    "masks/text.py",
)  # the last: Hydra, git, pip


def imports():
    for path in sorted(ROOT.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                names, members = [alias.name for alias in node.names], []
            elif isinstance(node, ast.ImportFrom):
                package = path.relative_to(ROOT.parent).with_suffix("").parts[: -node.level] if node.level else ()
                names = [".".join((*package, *filter(None, [node.module])))]
                members = [alias.name for alias in node.names]
            elif (
                isinstance(node, ast.Call)
                and ast.unparse(node.func).endswith(("import_module", "require"))
                and node.args
            ):
                names, members = [node.args[0].value] if isinstance(node.args[0], ast.Constant) else [], []
            else:
                continue
            for name in names:
                yield path.relative_to(ROOT).as_posix(), node.lineno, name, members


def test_rooms_import_only_what_they_may():
    wrong = []
    for path, line, name, _ in imports():
        room, top = path.split("/")[0], name.split(".")[0]
        if top == "lgtsm" and "." in name and "/" in path:
            other = name.split(".")[1]
            if other in ENTRY_POINTS or (other == "commands" and room != "commands"):
                wrong.append(f"lgtsm/{path}:{line} imports the entry point {other}; nothing may.")
            elif other not in EVERYONE | MAY_IMPORT[room] | {room}:
                wrong.append(f"lgtsm/{path}:{line} imports {name}; {room} may import only {sorted(MAY_IMPORT[room])}.")
        if top in ONLY_IN and not path.startswith(ONLY_IN[top]):
            wrong.append(f"lgtsm/{path}:{line} imports {top}, which belongs into {' or '.join(ONLY_IN[top])}.")
    assert not wrong, "\n".join(wrong)


def test_the_plan_names_every_room():
    rooms = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert rooms == set(MAY_IMPORT), "tests/test_rooms.py must name every room of lgtsm/, and no other."


def test_no_room_is_named_after_nothing():
    names = {path.stem for path in ROOT.rglob("*")} & {"utils", "helpers", "common", "misc", "base"}
    assert not names, f"{sorted(names)} say nothing about what is in them; name the subject."


def import_graph():
    """Return each file's imports of other lgtsm files, including those in functions and for type checkers."""
    files = {".".join(path.relative_to(ROOT.parent).with_suffix("").parts) for path in ROOT.rglob("*.py")}
    files = {name.removesuffix(".__init__") for name in files}
    graph = {name: set() for name in files}
    for path, _, name, members in imports():
        inside = {f"{name}.{member}" for member in members} & files
        file = f"lgtsm.{path.removesuffix('.py').replace('/', '.')}".removesuffix(".__init__")
        graph[file] |= (inside or {name}) & files - {file}
    return graph


def circles(graph):
    """Return the groups of files that import each other (Tarjan's strongly connected components)."""
    order, lowest, open_files, found = {}, {}, [], []

    def visit(file):
        order[file] = lowest[file] = len(order)
        open_files.append(file)
        for other in sorted(graph[file]):
            if other not in order:
                visit(other)
            if other in open_files:
                lowest[file] = min(lowest[file], lowest[other])
        if lowest[file] == order[file]:
            at = open_files.index(file)
            group = open_files[at:]
            del open_files[at:]
            if len(group) > 1:
                found.append(sorted(group))

    for file in sorted(graph):
        if file not in order:
            visit(file)
    return found


def test_no_files_import_each_other_in_a_circle():
    graph = import_graph()
    assert graph["lgtsm.video.open"] >= {"lgtsm.video.frame_folder", "lgtsm.video.pyav_reader"}  # lazy ones count
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) == [["a", "b", "c"]]
    found = circles(graph)
    assert not found, "These files import each other in a circle; move what they share: " + "; ".join(
        ", ".join(group) for group in found
    )


def test_only_commands_name_flags():
    """The library's errors name arguments; `lgtsm.exits.in_flags` turns them into flags."""
    found = []
    for path in sorted(ROOT.rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        if name.startswith(NAME_FLAGS):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and re.search(r"(?<![\w-])--[a-z]", str(node.value)):
                found.append(f"lgtsm/{name}:{node.lineno} names a flag: {node.value!r}")
    assert not found, "Name the argument instead:\n" + "\n".join(found)
