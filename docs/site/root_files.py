"""Hook of mkdocs: bring the pages that lie outside docs/ into the site, and make links work in both places.

The README is the front page. A link is written for the repository; here it becomes one inside the site, or plain text
where it leads to a file that the site does not have.
"""

import posixpath
import re
from pathlib import Path

from mkdocs.structure.files import File

ROOT = Path(__file__).parents[2]
PAGES = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    **{f"lgtsm/weights/{path.name}": f"weights/{path.name}" for path in (ROOT / "lgtsm" / "weights").glob("*.md")},
}
FILES = {"CITATION.cff": "CITATION.cff", "LICENSE": "LICENSE.txt"}
MADE = {"conf/train.yaml": "reference/config/index.md"}  # what stands for a page that is made by the build
LINK = re.compile(r"(!?)\[([^\[\]]*)\]\(([^()\s]+)\)")
FENCED = re.compile(r"(^ *```.*?^ *```$)", re.M | re.S)


def on_files(files, config):
    """Add the pages and files."""
    for source, place in {**PAGES, **FILES}.items():
        files.append(File.generated(config, place, abs_src_path=str(ROOT / source)))
    return files


def on_page_markdown(markdown, page, config, files):
    """Rewrite the links outside of code blocks."""
    sources = {place: source for source, place in PAGES.items()}
    here = page.file.src_uri
    folder = posixpath.dirname(sources.get(here, f"docs/{here}"))

    def rewritten(match):
        picture, text, target = match.groups()
        if re.match(r"[a-z]+:|#", target):
            return match[0]
        path, _, anchor = target.partition("#")
        path = posixpath.normpath(posixpath.join(folder, path))
        if path.startswith("docs/"):
            place = path.removeprefix("docs/")
        elif path in {**PAGES, **FILES, **MADE}:
            place = {**PAGES, **FILES, **MADE}[path]
        elif (ROOT / path).exists():
            return text  # in the repository alone
        else:
            return match[0]  # broken, which the strict build reports
        link = posixpath.relpath(place, posixpath.dirname(here) or ".")
        return f"{picture}[{text}]({link}{'#' + anchor if anchor else ''})"

    pieces = FENCED.split(markdown)
    return "".join(piece if index % 2 else LINK.sub(rewritten, piece) for index, piece in enumerate(pieces))
