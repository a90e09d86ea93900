"""The browser that tests of pages drive."""

import shutil

NAMES = "chromium", "chromium-browser", "google-chrome"  # any will do


def chromium():
    """Return the program, or None if there is none."""
    return next(filter(None, map(shutil.which, NAMES)), None)
