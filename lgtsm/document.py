"""Documents of headings, text, tables and pictures, as Markdown and as an HTML page."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

STYLE = """body{font:15px/1.5 system-ui,sans-serif;max-width:1100px;margin:2em auto;padding:0 1em;color:#222}
p{overflow-wrap:anywhere}code{background:#f3f3f3;padding:0 .2em}
table{border-collapse:collapse;margin:1em 0;display:block;overflow-x:auto;font-variant-numeric:tabular-nums}
td,th{border:1px solid #ccc;padding:.3em .6em;text-align:left;vertical-align:top}th{background:#f3f3f3}
.number{text-align:right}small{display:block;white-space:nowrap;color:#555}
figure{margin:1em 0;overflow-x:auto}img{max-width:100%;border:1px solid #ddd}figcaption{color:#555}
@media(max-width:700px){body{margin:1em auto}h1{font-size:1.5em}table{font-size:13px}td,th{padding:.2em .4em}
.words{min-width:14em}img{max-width:700px}}"""  # a narrow window scrolls pictures sideways
LONG_TEXT = 40  # characters; columns with longer cells are wrapped
NUMBER = r"(\*\*)?[-+]?\d[\d.,]*(\*\*)?( [\[(].*[\])])?"  # with an interval or not


class Heading(NamedTuple):
    """A heading; 1 is the top level."""

    text: str
    level: int = 2


class Text(NamedTuple):
    """A paragraph, with **bold** and `code`."""

    text: str


class Table(NamedTuple):
    """A head and rows of cells, with **bold** and `code`."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]


class Picture(NamedTuple):
    """A PNG beside the document, and its caption."""

    file: str
    caption: str


Block = Heading | Text | Table | Picture


def to_markdown(blocks: Sequence[Block]) -> str:
    """Return the document; pictures are links to files."""
    return "\n\n".join(_markdown(block) for block in blocks) + "\n"


def to_html(blocks: Sequence[Block], folder: str | Path | None = None) -> str:
    """Return the document as an HTML page.

    Args:
        blocks: of the document.
        folder: of its pictures, to embed them in the page; None links to them.
    """
    title = next((html.escape(block.text) for block in blocks if isinstance(block, Heading)), "Report")
    body = "\n".join(_html(block, folder) for block in blocks)
    head = (
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{title}</title><style>{STYLE}</style>"
    )
    return f'<!doctype html>\n<html lang="en"><head>{head}</head><body>\n{body}\n</body></html>\n'


def to_latex(blocks: Sequence[Block]) -> str:
    """Return the text and tables as LaTeX, to be put in by `\\input`; it needs booktabs. Pictures are left out."""
    return "\n\n".join(_latex(block) for block in blocks if not isinstance(block, Picture)) + "\n"


def _latex(block: Heading | Text | Table) -> str:
    if isinstance(block, Heading):
        return f"\\paragraph{{{_latex_inline(block.text)}}}"
    if isinstance(block, Text):
        return _latex_inline(block.text)
    rows = []
    for number, row in enumerate((block.head, *block.rows)):
        repeated = number > 1 and row[0] == block.rows[number - 2][0]
        line = " & ".join(map(_latex_inline, ["" if repeated else row[0], *row[1:]]))
        # What follows \\ in brackets would be its argument.
        rows.append(("{}" if line.startswith(("[", "*")) else "") + line + r" \\")
    body = "\n".join([r"\toprule", rows[0], r"\midrule", *rows[1:], r"\bottomrule"])
    return f"\\begin{{tabular}}{{{_latex_columns(block)}}}\n{body}\n\\end{{tabular}}"


def _latex_columns(block: Table) -> str:
    """Align numbers right and text left; wrap long text."""
    long = _long(block)
    wrapped = f"p{{{0.6 / max(1, sum(long)):.2f}\\linewidth}}"
    return "".join("r" if number else wrapped if is_long else "l" for number, is_long in zip(_numbers(block), long))


def _latex_inline(text: str) -> str:
    """Escape what LaTeX would read as its own; keep **bold**, `code` and arrows."""
    special = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
    special |= {sign: f"\\{sign}" for sign in "&%$#_{}"} | {sign: f"${sign}$" for sign in "<>|"}
    text = "".join(special.get(sign, sign) for sign in " ".join(text.split()))
    text = text.replace("↑", r"$\uparrow$").replace("↓", r"$\downarrow$").replace("−", "$-$").replace("–", "--")
    text = re.sub(r"\*\*(.+?)\*\*", r"\\textbf{\1}", text)
    return re.sub(r"`(.+?)`", r"\\texttt{\1}", text)


def _markdown(block: Block) -> str:
    if isinstance(block, Heading):
        return f"{'#' * block.level} {block.text}"
    if isinstance(block, Text):
        return block.text
    if isinstance(block, Picture):
        return f"![{block.caption}]({block.file})\n\n{block.caption}"
    rows = [[_one_line(cell) for cell in row] for row in (block.head, *block.rows)]
    widths = [max(len(row[k]) for row in rows) for k in range(len(block.head))]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |" for row in rows]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def _html(block: Block, folder: str | Path | None) -> str:
    if isinstance(block, Heading):
        return f"<h{block.level}>{_inline(block.text)}</h{block.level}>"
    if isinstance(block, Text):
        return f"<p>{_inline(block.text)}</p>"
    if isinstance(block, Picture):
        source, caption = html.escape(block.file), html.escape(block.caption)
        if folder is not None:
            data = base64.b64encode((Path(folder) / block.file).read_bytes()).decode()
            source = f"data:image/png;base64,{data}"
        return f'<figure><img alt="{caption}" src="{source}"><figcaption>{caption}</figcaption></figure>'
    return _html_table(block)


def _html_table(block: Table) -> str:
    """Align numbers right, shrink intervals, and merge equal cells of the first column."""
    kinds = ["number" if number else "words" if long else "" for number, long in zip(_numbers(block), _long(block))]
    classes = [f' class="{kind}"' if kind else "" for kind in kinds]
    head = "".join(f"<th{kind}>{_inline(cell)}</th>" for kind, cell in zip(classes, block.head))
    rows = []
    for first, group in groupby(block.rows, key=lambda row: row[0]):
        members = list(group)
        for number, row in enumerate(members):
            span = f' rowspan="{len(members)}"' if len(members) > 1 else ""
            start = f"<td{span}{classes[0]}>{_inline(first)}</td>" if number == 0 else ""
            rest = "".join(f"<td{kind}>{_inline_cell(cell)}</td>" for kind, cell in zip(classes[1:], row[1:]))
            rows.append(f"<tr>{start}{rest}</tr>")
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def _numbers(block: Table) -> list[bool]:
    """Return which columns hold numbers: in half or more of the cells, not counting those without a value."""
    found = []
    for k in range(len(block.head)):
        cells = [row[k] for row in block.rows if row[k] and not row[k].startswith("n/a")]
        count = sum(re.fullmatch(NUMBER, cell) is not None for cell in cells)
        found.append(count > 0 and 2 * count >= len(cells))
    return found


def _long(block: Table) -> list[bool]:
    return [any(len(row[k]) > LONG_TEXT for row in block.rows) for k in range(len(block.head))]


def _inline_cell(text: str) -> str:
    cell = _inline(text)
    return re.sub(r" ([\[(].*)$", r" <small>\1</small>", cell) if re.fullmatch(NUMBER, text) else cell


def _inline(text: str) -> str:
    text = re.sub(r" ([↑↓])", "\u00a0\\1", html.escape(text))  # an arrow stays with its word
    bold = re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", text)
    return re.sub(r"`(.+?)`", r"<code>\1</code>", bold)


def _one_line(cell: str) -> str:
    return " ".join(cell.split()).replace("|", "\\|")
