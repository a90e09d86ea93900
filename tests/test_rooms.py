"""The house's plan: which room may import which, and who alone may import what."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[1] / "lgtsm"
ENTRY_POINTS = {
    "train", "plot", "evaluate", "inpaint", "export", "make_masks",
    "check_data", "prepare_data", "benchmark", "__main__",
}  # fmt: skip
EVERYONE = {
    "progress_lines",
    "checks",
    "document",
    "optional",
    "exits",
    "precision",
    "threads",
    "timing",
    "whole_files",
}
MAY_IMPORT = {
    "ops": set(),
    "layers": {"ops"},
    "models": {"layers", "ops"},  # its catalog also names classes of classical, imported when they are asked for
    "classical": {"ops"},
    "features": set(),
    "losses": {"ops", "features"},
    "metrics": {"ops", "features"},
    "evaluation": {"metrics", "models", "ops", "masks", "video", "data"},
    "masks": set(),
    "video": set(),
    "data": {"masks", "video"},
    "inference": {"ops", "models", "classical", "video"},
    "training": {"losses", "metrics", "data", "video"},
    "config": set(),
}
MAY_IMPORT["commands"] = set(MAY_IMPORT)
ONLY_IN = {
    "hydra": ("config/", "commands/", *(f"{name}.py" for name in ENTRY_POINTS)),
    "omegaconf": ("config/", "commands/", *(f"{name}.py" for name in ENTRY_POINTS)),
    "pytorch_lightning": ("training/",),
    "decord": ("video/decord_reader.py",),
    "av": ("video/pyav.py",),
    "lpips": ("metrics/lpips.py",),
    "wandb": ("training/callbacks/",),
}


def imports():
    for path in sorted(ROOT.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                package = path.relative_to(ROOT.parent).with_suffix("").parts[: -node.level] if node.level else ()
                names = [".".join((*package, *filter(None, [node.module])))]
            elif (
                isinstance(node, ast.Call)
                and ast.unparse(node.func).endswith(("import_module", "require"))
                and node.args
            ):
                names = [node.args[0].value] if isinstance(node.args[0], ast.Constant) else []
            else:
                continue
            for name in names:
                yield path.relative_to(ROOT).as_posix(), node.lineno, name


def test_rooms_import_only_what_they_may():
    wrong = []
    for path, line, name in imports():
        room, top = path.split("/")[0], name.split(".")[0]
        if top == "lgtsm" and "." in name and "/" in path:
            other = name.split(".")[1]
            if other in ENTRY_POINTS:
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
