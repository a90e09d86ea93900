"""The configuration reference: every key of conf/ with its comment and default, group by group.

A key without a comment is described by the docstring of the `_target_` that takes it, or as in another file.
"""

import re
from pathlib import Path

import yaml
from docstring_arguments import described_arguments

CONF = Path(__file__).parents[2] / "conf"
ENTRIES = "train", "evaluate", "check_data"
NO_GROUPS = {"data/splits"}
_meanings = {}  # of each key, from the first file that has one
INTRODUCTION = """# Configuration

`lgtsm train`, `lgtsm evaluate` and `lgtsm check_data` each start from one file of `conf/`. `GROUP=NAME` takes another
file of a group, `KEY=VALUE` sets a value, `+KEY=VALUE` adds one, and `~KEY` removes one. Keys below are written as you
type them. `--cfg job` prints the whole configuration of a command, after all choices.
"""


def config_pages():
    """Return {place: Markdown}: the entry files, then a page for each group."""
    for path in sorted(CONF.rglob("*.yaml"), key=lambda path: path.parts[-2] == "experiment"):
        for key, _, meaning in full_keys(path):
            _meanings.setdefault(key, meaning or None)
            _meanings[key] = _meanings[key] or meaning
    groups = sorted({path.parent.relative_to(CONF).as_posix() for path in CONF.rglob("*.yaml")} - {"."} - NO_GROUPS)
    text = [INTRODUCTION, "## Groups", "| Group | Files |\n| --- | --- |\n" + "\n".join(map(row_of_group, groups))]
    for name in ENTRIES:
        text += described_file(CONF / f"{name}.yaml", f"{name}.yaml")
    pages = {"reference/config/index.md": "\n\n".join(text) + "\n"}
    for group in groups:
        text = [f"# {group}", f"Choose with `{group}=NAME`."]
        for path in sorted((CONF / group).glob("*.yaml")):
            text += described_file(path, path.stem)
        pages[f"reference/config/{group.replace('/', '_')}.md"] = "\n\n".join(text) + "\n"
    return pages


def row_of_group(group):
    """Return a row of the table of groups."""
    names = ", ".join(f"`{path.stem}`" for path in sorted((CONF / group).glob("*.yaml")))
    return f"| [{group}]({group.replace('/', '_')}.md) | {names} |"


def full_keys(path):
    """Return (key as one types it, default, meaning) of a file."""
    source = path.read_text()
    group = path.parent.relative_to(CONF).as_posix()
    _, package = header(source)
    prefix = {"_global_": "", None: "" if group == "." else group.replace("/", ".")}.get(package, package)
    return [(f"{prefix}.{key}" if prefix and key != "defaults" else key, *rest) for key, *rest in keys(source)]


def described_file(path, title):
    """Return the paragraphs on a file: its comment, what it starts from, and its keys."""
    comment, _ = header(path.read_text())
    text = [f"## {title}"]
    if comment:
        text.append(escaped(comment))
    rows, starts = [], ""
    for key, default, meaning in full_keys(path):
        if key == "defaults":
            starts = default
        elif key.endswith("_target_"):
            rows.append(f"| `{key}` | {code(default)} | the class or function that is built |")
        else:
            rows.append(f"| `{key}` | {code(default)} | {escaped(meaning or _meanings[key] or '')} |")
    if starts:
        text.append(f"Starts from: {starts}")
    if rows:
        text.append("| Key | Default | Meaning |\n| --- | --- | --- |\n" + "\n".join(rows))
    return text


def header(source):
    """Return the comment at the top of a file, and the package that it names for its keys."""
    lines = []
    for line in source.splitlines():
        if not line.startswith("#"):
            break
        lines.append(line[1:].strip())
    packages = [line.split()[1] for line in lines if line.startswith("@package")]
    return " ".join(line for line in lines if not line.startswith("@package")), packages[0] if packages else None


def keys(source):
    """Yield (key with its parents, default as it is written, meaning) of a YAML file, in order."""
    lines = source.splitlines()
    top = next((number for number, line in enumerate(lines) if not line.startswith("#")), 0)
    node = yaml.compose(source)
    if node is None:
        return
    yield from _keys(node, lines, top, "")


def _keys(node, lines, top, parents):
    plain = {key.value: value.value for key, value in node.value if isinstance(value, yaml.ScalarNode)}
    arguments = described_arguments(plain.get("_target_", ""), plain.get("name"))
    for key, value in node.value:
        name = f"{parents}{key.value}"
        if name == "defaults":
            yield name, ", ".join(f"`{default(item, lines)}`" for item in value.value), ""
            continue
        comment = " ".join(filter(None, (above(lines, key.start_mark, top), behind(lines, key, value))))
        meaning = comment or arguments.get(key.value, "")
        if isinstance(value, yaml.MappingNode) and value.value and not value.flow_style:
            if meaning:
                yield name, "", meaning
            yield from _keys(value, lines, top, f"{name}.")
        else:
            yield name, default(value, lines), meaning


def default(value, lines):
    """Return a value as the file writes it, on one line."""
    start, end = value.start_mark, value.end_mark
    if start.line == end.line:
        text = lines[start.line][start.column : end.column]
    else:
        parts = [lines[start.line][start.column :], *lines[start.line + 1 : end.line]]
        if end.line < len(lines):
            parts.append(lines[end.line][: end.column])
        text = " ".join(re.sub(r"(^|\s)#.*", "", part).strip() for part in parts)
    return text.strip()


def above(lines, mark, top):
    """Return the comment on the lines right above a key."""
    found, number = [], mark.line - 1
    while number >= top and re.match(rf" {{{mark.column}}}#", lines[number]):
        found.insert(0, lines[number].strip()[1:].strip())
        number -= 1
    return " ".join(found)


def behind(lines, key, value):
    """Return the comment behind a key or its value, on the same line."""
    block = isinstance(value, yaml.CollectionNode) and not value.flow_style
    mark = key.end_mark if block else value.end_mark
    if mark.line >= len(lines):
        return ""
    found = re.search(r"(?:^|\s)#\s*(.*)", lines[mark.line][mark.column :])
    return found[1].strip() if found else ""


def code(text):
    """Return a value in a cell of a table."""
    return "`" + text.replace("|", "\\|") + "`" if text else ""


def escaped(text):
    """Keep Markdown from reading stars, brackets and bars in plain text; code stays."""
    pieces = re.split(r"(`[^`]*`)", text)
    plain = [re.sub(r"([*_\[\]|])", r"\\\1", piece.replace("<", "&lt;")) for piece in pieces]
    return "".join(pieces[i] if i % 2 else plain[i] for i in range(len(pieces)))
