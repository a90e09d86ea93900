"""The page in a real browser: open, mark, look, fill, download; refusals and cancelling."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import contextmanager

import numpy as np
import pytest
from playwright.sync_api import expect, sync_playwright

from lgtsm.video.open import open_video
from lgtsm.video.probe import probe
from tests.app.clips import FRAMES, HEIGHT, WIDTH, write_clip
from tests.chromium import chromium

pytestmark = pytest.mark.browser
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PATIENCE = 90_000  # milliseconds
SIZES = {"desktop": {"width": 1280, "height": 900}, "phone": {"width": 390, "height": 844}}


@contextmanager
def served(folder, *words):
    """Run `lgtsm app` with temporary files in a folder; yield its address; end it with SIGTERM."""
    environment = {**os.environ, "TMPDIR": str(folder), "PYTHONPATH": os.pathsep.join(sys.path), "OMP_NUM_THREADS": "2"}
    command = [sys.executable, "-m", "lgtsm", "app", "--port", "0", "--no-browser", "--device", "cpu", *words]
    with (
        (folder / "stderr").open("w") as stderr,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr, text=True, env=environment) as server,
    ):
        try:
            yield re.search(r"http://127\.0\.0\.1:\d+", server.stdout.readline())[0]
            server.send_signal(signal.SIGTERM)
            assert server.wait(PATIENCE / 1000) == 143
        finally:
            server.kill()
    # Neither warnings nor tracebacks on the way.
    assert (folder / "stderr").read_text() == "lgtsm app: stopped by SIGTERM. Its temporary files are gone.\n"


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """The page of a server that takes videos of up to 3 seconds and 1 MB, and leaves nothing behind."""
    folder = tmp_path_factory.mktemp("server")
    with served(folder, "--max-size", "1M", "--max-minutes", "0.06") as address:
        yield address
    assert not [path for path in folder.iterdir() if path.name.startswith("lgtsm-app-")]


@pytest.fixture(scope="module")
def browser():
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile, sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            profile, executable_path=chromium(), headless=True, args=QUIET
        )
        yield context
        context.close()


@pytest.fixture(params=["desktop"])
def page(request, browser, address):
    """The page in a tab; it must neither ask anything of other machines nor raise an error."""
    tab, asked, errors = browser.new_page(), [], []
    tab.set_default_timeout(PATIENCE)
    tab.set_viewport_size(SIZES[request.param])
    tab.on("request", lambda request: asked.append(request.url))
    tab.on("pageerror", lambda error: errors.append(error))
    tab.goto(address)
    tab.wait_for_selector("#upload input[type=file]", state="attached")
    yield tab
    tab.close()
    assert [url for url in asked if not url.startswith((address, "data:", "blob:"))] == [] and errors == []


def choose(page, path):
    page.set_input_files("#upload input[type=file]", path)


def opened(page, path):
    choose(page, path)
    page.wait_for_selector("#painter canvas[data-version]")


def draw(page, *way, tool="box"):
    """Draw along points, given as shares of the frame, and wait for the picture with the mask."""
    page.click(f"#painter [data-tool={tool}]")
    canvas = page.locator("#painter canvas")
    canvas.scroll_into_view_if_needed()
    bounds, version = canvas.bounding_box(), canvas.get_attribute("data-version")
    places = [(bounds["x"] + x * bounds["width"], bounds["y"] + y * bounds["height"]) for x, y in way]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=3)
    page.mouse.up()
    expect(canvas).not_to_have_attribute("data-version", version, timeout=PATIENCE)


def shows(page, x, y, marked):
    """Wait until the picture is marked at a share of it, or no longer."""
    script = """([x, y, marked]) => {
        const canvas = document.querySelector("#painter canvas");
        const at = [Math.floor(x * canvas.width), Math.floor(y * canvas.height)];
        const [red, green, blue] = canvas.getContext("2d").getImageData(...at, 1, 1).data;
        return (Math.min(red, blue) > green + 60) === marked;
    }"""
    page.wait_for_function(script, arg=[x, y, marked])


def plays(page, selector):
    page.wait_for_function(f"document.querySelector('{selector} video')?.readyState >= 2")
    return page.evaluate(f"document.querySelector('{selector} video').duration")


@pytest.mark.parametrize("page", ["desktop", "phone"], indirect=True)
def test_open_mark_look_fill_and_download(page, tmp_path, data_folder):
    source = write_clip(tmp_path / "b&w <clip>.mp4", data_folder)
    opened(page, source)
    expect(page.locator("#about")).to_contain_text(f"b_w clip.mp4: {WIDTH}x{HEIGHT}, {FRAMES} frames")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")  # nothing to scroll sideways
    shows(page, 0.4, 0.5, False)
    draw(page, (0.3, 0.3), (0.5, 0.7))
    shows(page, 0.4, 0.5, True)
    shows(page, 0.4, 0.9, False)
    draw(page, (0.7, 0.2), (0.8, 0.2), tool="brush")
    shows(page, 0.78, 0.2, True)
    draw(page, (0.75, 0.2), (0.8, 0.2), tool="eraser")
    shows(page, 0.78, 0.2, False)
    page.click("#painter [data-do=undo]")
    shows(page, 0.78, 0.2, True)
    page.click("#painter [data-do=undo]")
    shows(page, 0.78, 0.2, False)
    shows(page, 0.53, 0.5, False)
    page.fill("#grow input[type=number]", "6")
    shows(page, 0.53, 0.5, True)
    page.fill("#from input", "0.4")
    shows(page, 0.4, 0.5, False)
    page.fill("#frame input[type=number]", "12")
    page.wait_for_selector("#painter canvas[data-frame='12']")
    shows(page, 0.4, 0.5, True)  # a box counts in every frame
    page.fill("#from input", "9")
    expect(page.locator("#refused")).to_contain_text("The part must end after it starts", timeout=PATIENCE)
    page.fill("#from input", "0")
    expect(page.locator("#refused")).to_have_text("", timeout=PATIENCE)

    page.click("#show")
    assert abs(plays(page, "#masked") - float(probe(source).duration)) < 0.1

    page.click("#try")
    expect(page.locator("#status")).to_contain_text(f"{FRAMES} frames filled", timeout=PATIENCE)  # shorter than 2 s
    expect(page.locator("#download")).not_to_be_visible()
    page.click("#fill")
    page.wait_for_selector("#download", state="visible")
    plays(page, "#beside")
    images = page.locator("#compared img")
    expect(images).to_have_count(2)
    with page.expect_download() as download:
        page.click("#download")
    assert download.value.suggested_filename == "b_w clip_filled.mp4"
    download.value.save_as(tmp_path / "filled.mp4")
    before, after = probe(source), probe(tmp_path / "filled.mp4")
    assert after.times() == before.times() and after.audio_codecs == before.audio_codecs == ("aac",)
    with open_video(source, "pyav") as one, open_video(tmp_path / "filled.mp4", "pyav") as two:
        change = np.abs(np.stack(list(one)).astype(float) - np.stack(list(two)))
    inside = change[:, HEIGHT * 4 // 10 : HEIGHT * 6 // 10, WIDTH * 4 // 10 : WIDTH * 45 // 100].mean()
    outside = change[:, HEIGHT * 8 // 10 :].mean()
    assert len(change) == FRAMES and inside > 3 * outside


def test_what_is_refused_is_said_on_the_page(page, tmp_path, data_folder):
    choose(page, data_folder / "odd" / "not_a_video.mp4")
    expect(page.locator("#about")).to_contain_text("not_a_video.mp4 must be a video file", timeout=PATIENCE)
    choose(page, data_folder / "hand-held" / "a_learning-area-frog_00.mp4")
    expect(page.locator("#about")).to_contain_text("must be at most 3.6 s long; it is 4.13 s. Cut", timeout=PATIENCE)
    with (tmp_path / "large.mp4").open("wb") as file:
        file.truncate(3 * 2**20)
    choose(page, tmp_path / "large.mp4")
    said = page.get_by_text("large.mp4 must be at most 1 MB large; it is 3 MB. Cut or compress it first.")
    expect(said).to_be_visible(timeout=PATIENCE)
    expect(page.locator("#painter")).not_to_be_visible()
    opened(page, shutil.copy(data_folder / "odd" / "tiny_48x28.mp4", tmp_path / "fine.mp4"))
    expect(said).not_to_be_visible()
    page.click("#fill")
    expect(page.locator("#status")).to_contain_text("Draw a box or paint over what you want", timeout=PATIENCE)


def test_a_fill_can_be_cancelled(page, data_folder):
    opened(page, data_folder / "odd" / "with_audio.mp4")
    draw(page, (0.1, 0.1), (0.9, 0.9))  # takes long
    page.click("#fill")
    page.click("#cancel")
    expect(page.locator("#status")).to_have_text("Cancelled.", timeout=PATIENCE)
    expect(page.locator("#fill")).to_be_enabled()
    expect(page.locator("#results")).not_to_be_visible()
