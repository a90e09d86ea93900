"""Read a table of named columns from a CSV file, as spreadsheets and people write them."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Sequence
from pathlib import Path

from lgtsm.regular_file import check_file
from lgtsm.video.errors import VideoError

DELIMITERS = (",", ";", "\t")


def read_rows(path: Path, needed: Sequence[str], optional: Sequence[str] = ()) -> list[dict[str, str]]:
    """Read the rows of a table whose first line names the columns.

    UTF-8 and, with a byte order mark, UTF-16 are read; columns are separated by commas, semicolons or tabs.

    Args:
        path: the CSV file.
        needed: columns with an entry in every row.
        optional: columns that may be empty or left out; others are ignored.

    Returns:
        column -> entry, "" if there is none.

    Raises:
        VideoError: the table cannot be read; the message names the file and the line.
    """
    columns = ", ".join((*needed, *optional))
    check_file(path, f"a CSV file with the columns {columns}")
    lines = io.StringIO(_decode(path, path.read_bytes()), newline="")
    header = lines.readline()
    lines.seek(0)
    # The delimiter that tells the most columns apart; a path may hold the others.
    delimiter = max(
        DELIMITERS, key=lambda one: len({name.strip(' \t\r\n"') for name in header.split(one)} & {*needed, *optional})
    )
    table = csv.reader(lines, delimiter=delimiter, skipinitialspace=True)
    rows = []
    try:
        names = [name.strip() for name in next(table, [])]
        missing = [name for name in needed if name not in names]
        if missing:
            raise VideoError(
                f"{path} must begin with a line of the columns {columns}; {' and '.join(missing)} is not among "
                f"{', '.join(filter(None, names)) or 'none'}. Separate them by commas."
            )
        for cells in table:
            if not any(map(str.strip, cells)):
                continue
            if len(cells) > len(names):
                raise VideoError(
                    f"{path} must have at most {len(names)} entries in every line, like its first; line "
                    f"{table.line_num} has {len(cells)}. Put quotes around an entry with {delimiter!r} in it."
                )
            row = dict(zip(names, cells))
            rows.append({name: row.get(name, "").strip() for name in (*needed, *optional)})
            if not all(rows[-1][name] for name in needed):
                raise VideoError(
                    f"{path} must name a {' and an '.join(needed)} in every line; line {table.line_num} does not."
                )
    except csv.Error as error:
        raise VideoError(
            f"{path} must be a CSV file; line {table.line_num} cannot be read ({error}). Is a quote left open?"
        ) from error
    if not rows:
        raise VideoError(f"{path} must name at least one {needed[0]}; it has a header only.")
    return rows


def _decode(path: Path, data: bytes) -> str:
    utf16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = data.decode("utf-16" if utf16 else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise VideoError(
            f"{path} must be text in UTF-8; line {line} holds bytes that are not. Save the table as "
            "UTF-8 (in spreadsheets: CSV UTF-8)."
        ) from error
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise VideoError(f"{path} must be text in UTF-8; line {line} holds a NUL character. Save the table as UTF-8.")
    return text
