"""Hook of mkdocs: write the reference from the program itself, at every build.

Configuration from conf/, commands from their parsers, Python from docstrings and `__all__`; nothing of it is a file
that could grow old.
"""

from command_pages import command_page
from config_pages import config_pages
from mkdocs.structure.files import File
from python_pages import python_pages

_pages = {}


def on_config(config):
    """Write the pages, and give each its place in the navigation."""
    settings, python = config_pages(), python_pages()
    _pages.clear()
    _pages.update({**settings, **python, "reference/commands.md": command_page()})
    (reference,) = (entry["Reference"] for entry in config.nav if "Reference" in entry)
    for entry in reference:
        for title, pages in (("Configuration", settings), ("Python", python)):
            if title in entry:
                entry[title] = list(pages)
    return config


def on_files(files, config):
    """Add the pages."""
    for place, text in _pages.items():
        files.append(File.generated(config, place, content=text))
    return files
