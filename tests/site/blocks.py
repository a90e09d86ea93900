"""The code blocks of the README and of docs/, and what becomes of each.

`python -m tests.site.blocks` lists every command and program with what the tests do with it.
"""

import re
import shlex
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
PAGES = sorted(["README.md", "CONTRIBUTING.md", *(p.relative_to(ROOT).as_posix() for p in ROOT.glob("docs/**/*.md"))])
# Pages whose blocks another test runs.
ELSEWHERE = {
    "docs/own_classes.md": "tests/end_to_end/test_own_package.py",
    "docs/small_scale_reproduction.md": "tests/end_to_end/test_small_scale.py",
    "docs/guides/onnx.md": "tests/export/test_onnx_export.py",
    "docs/integrations.md": "tests/integrations/test_recipes.py",
}
# Commands that are composed or parsed here; the tests beside them run these commands on data of their own.
READ_ONLY = {
    "train": "tests/end_to_end/test_train_evaluate.py",
    "evaluate": "tests/entry_points/test_evaluate_commands.py",
    "check_data": "tests/entry_points/test_data_commands.py",
    "compare": "tests/entry_points/test_evaluate_commands.py",
    "reproduce": "tests/entry_points/test_reproduce.py",
    "benchmark": "tests/benchmarks/test_benchmarks.py",
    "app": "tests/app/test_page.py",
}
FENCE = re.compile(
    r"(?:^ *<!-- needs: (?P<needs>[^>]+) -->\n)?^(?P<indent> *)```(?P<kind>\w*)\n(?P<text>.*?)^ *```$", re.M | re.S
)


class Block(NamedTuple):
    """A fenced block: its page, kind (bash, python, console, ...), text, and what it needs that no test has."""

    page: str
    kind: str
    text: str
    needs: str | None


class Command(NamedTuple):
    """One command of a bash block, as words; `name` is that of `lgtsm NAME`, else None."""

    block: Block
    line: str
    words: tuple[str, ...]
    name: str | None

    def __str__(self):
        return f"{self.block.page}: {self.line}"


def blocks(*kinds):
    """Return the blocks of all pages, of some kinds."""
    found = []
    for page in PAGES:
        for match in FENCE.finditer((ROOT / page).read_text()):
            text = re.sub(rf"^{match['indent']}", "", match["text"], flags=re.M)
            found.append(Block(page, match["kind"], text, match["needs"]))
    return [block for block in found if block.kind in kinds]


def commands():
    """Return the commands of all bash blocks; each part of a pipe is one."""
    found = []
    for block in blocks("bash"):
        for line in re.sub(r"\\\n\s*", "", block.text).splitlines():
            for part in line.split(" | "):
                words = tuple(shlex.split(part, comments=True))
                if words:
                    found.append(Command(block, shlex.join(words), *own(words)))
    return found


def own(words):
    """Return the arguments and the name of a command of ours, however it is started; (words, None) for others."""
    words = list(words)
    if words[0] == "torchrun":
        words = words[next(i for i, word in enumerate(words) if word in ("lgtsm", "-m")) :]
        words = words if words[0] == "lgtsm" else ["python", *words]
    if words[0] == "lgtsm":
        return tuple(words[2:]), words[1]
    if words[:2] == ["python", "-m"] and words[2].split(".")[0] == "lgtsm":
        _, _, name = words[2].partition(".")
        return (tuple(words[3:]), name) if name else (tuple(words[4:]), words[3])
    return tuple(words), None


def fate(command):
    """Return what the tests do with a command."""
    if command.block.page in ELSEWHERE:
        return f"run by {ELSEWHERE[command.block.page]}"
    if command.block.needs:
        return f"{'parsed; ' if command.name else ''}needs {command.block.needs}"
    if command.name in READ_ONLY:
        return f"parsed; run by {READ_ONLY[command.name]}"
    return "run" if command.name or command.words[0] == "make" else "nothing"


def main():
    """Print the list."""
    for command in commands():
        print(f"{fate(command):60}  {command}")
    for block in blocks("python"):
        what = f"run by {ELSEWHERE[block.page]}" if block.page in ELSEWHERE else "run"
        print(f"{block.needs or what:60}  {block.page}: {len(block.text.splitlines())} lines of Python")
    for block in blocks("console"):
        print(f"{'run, and its output compared':60}  {block.page}: {block.text.splitlines()[0]}")


if __name__ == "__main__":
    main()
