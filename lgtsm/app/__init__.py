"""A page in the browser: open a video, mark the hole, fill it, download the result."""
