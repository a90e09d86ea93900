"""The page: which parts stand on it, and what each of them calls. `lgtsm.app.session` does all the work."""

from __future__ import annotations

import base64
import itertools
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from lgtsm.app.jobs import DONE, Job
from lgtsm.app.session import LARGE, Session, Sessions, jpeg
from lgtsm.app.tasks import PREVIEW_SECONDS, Finder, Result
from lgtsm.app.uploads import Limits
from lgtsm.app.words import about, at, ended, refused, standing
from lgtsm.video.listing import VIDEO_EXTENSIONS

HERE = Path(__file__).parent
MOST_GROWN = 50  # pixels
OFTEN = 0.3  # seconds between two looks at a job
# Fonts of the machine: nothing is fetched from elsewhere.
THEME = gr.themes.Default(primary_hue="purple", font=["system-ui", "sans-serif"], font_mono=["monospace"])
PAINTER = """
<div class="tools" role="toolbar" aria-label="How to mark">
  <button type="button" data-tool="box" aria-pressed="true">Box</button>
  <button type="button" data-tool="brush" aria-pressed="false">Brush</button>
  <button type="button" data-tool="eraser" aria-pressed="false">Eraser</button>
  <label>Size <input type="range" min="1" max="30" value="8" aria-label="Size of brush and eraser"></label>
  <button type="button" data-do="undo">Undo</button>
  <button type="button" data-do="clear">Clear</button>
</div>
<canvas aria-label="The frame to mark" width="16" height="9"></canvas>
"""
Changes = dict[Any, Any]  # component -> its new value


class Page:
    """The page.

    Args:
        sessions: of the tabs.
        limits: of videos, to tell and to check before a file travels.
        finders: what finds holes by a button: the button's words -> the function.
        followers: the same for what follows an object from the last box of the drawing.

    Attributes:
        blocks: to launch.
    """

    def __init__(
        self,
        sessions: Sessions,
        limits: Limits,
        finders: Mapping[str, Finder],
        followers: Mapping[str, Finder],
    ):
        self.sessions, self._versions = sessions, itertools.count(1)
        with gr.Blocks(title="Remove something from a video", analytics_enabled=False) as self.blocks:
            gr.Markdown(
                "# Remove something from a video\nOpen a video, mark what to remove, and fill the hole. The video "
                "stays on the machine that runs this page, and is deleted there when you leave."
            )
            self._lay_out_opening(limits)
            with gr.Column(visible=False) as self.marking:
                self._lay_out_marking([*followers, *finders])
                self._lay_out_filling()
            with gr.Column(visible=False, elem_id="results") as self.results:
                self._lay_out_results()
            with gr.Column(elem_id="work"):
                self.status = gr.HTML(elem_id="status")
                self.cancel = gr.Button("Cancel", variant="stop", visible=False, elem_id="cancel")
            self._connect(finders, followers)
        self.blocks.queue(default_concurrency_limit=None, api_open=False)  # jobs have a queue of their own

    def _lay_out_opening(self, limits: Limits) -> None:
        gr.Markdown("## 1. Open")
        self.upload = gr.File(
            label=f"A video, {limits.in_words}",
            file_types=sorted(VIDEO_EXTENSIONS),
            type="filepath",
            height=130,
            elem_id="upload",
        )
        gr.HTML(
            html_template='<p class="refused" role="alert"></p>',
            js_on_load=(HERE / "upload_limit.js").read_text(encoding="utf-8"),
            most=limits.max_bytes,
            sentence=limits.too_large,
        )
        self.about = gr.HTML(elem_id="about")

    def _lay_out_marking(self, finders: list[str]) -> None:
        gr.Markdown("## 2. Mark what to remove")
        self.painter = gr.HTML(
            html_template=PAINTER,
            js_on_load=(HERE / "painter.js").read_text(encoding="utf-8"),
            elem_id="painter",
            apply_default_css=False,
        )
        self.number = gr.Slider(0, 1, value=0, step=1, label="Frame", buttons=[], elem_id="frame")
        self.at = gr.HTML(elem_id="at")
        with gr.Row():
            self.finders = {name: gr.Button(name) for name in finders}
            self.show = gr.Button("Play with the mask", elem_id="show")
        self.masked = gr.Video(
            label="The mask over the video", show_label=False, loop=True, visible=False, buttons=[], elem_id="masked"
        )
        self.grow = gr.Slider(0, MOST_GROWN, value=0, step=1, label="Grow the mask by (pixels)", elem_id="grow")
        with gr.Row():
            self.start = gr.Number(value=0, minimum=0, label="From (seconds)", min_width=120, elem_id="from")
            self.end = gr.Number(value=0, minimum=0, label="To (seconds)", min_width=120, elem_id="to")
            self.from_here = gr.Button("Start at this frame", min_width=120)
            self.to_here = gr.Button("End at this frame", min_width=120)
        self.refused = gr.HTML(elem_id="refused")

    def _lay_out_filling(self) -> None:
        gr.Markdown("## 3. Fill")
        self.faster = gr.Checkbox(label="Much faster, less detail inside the hole", visible=False)
        with gr.Row():
            self.try_out = gr.Button(f"Try {PREVIEW_SECONDS} seconds around this frame", elem_id="try")
            self.fill = gr.Button("Fill the whole video", variant="primary", elem_id="fill")

    def _lay_out_results(self) -> None:
        gr.Markdown("## 4. Look")
        self.compared = gr.ImageSlider(label="Before and after", buttons=["fullscreen"], elem_id="compared")
        self.beside = gr.Video(label="Side by side", show_label=False, buttons=[], loop=True, elem_id="beside")
        self.download = gr.DownloadButton("Download", variant="primary", visible=False, elem_id="download")

    def _connect(self, finders: Mapping[str, Finder], followers: Mapping[str, Finder]) -> None:
        here, picture = [self.number], [self.painter, self.refused]
        opening = [self.about, self.upload, self.marking, self.results, self.painter, self.number, self.at, self.start]
        opening += [self.end, self.grow, self.faster, self.masked, self.refused, self.status]
        quiet: Any = {"show_progress": "hidden"}
        latest: Any = {"show_progress": "hidden", "trigger_mode": "always_last"}
        self.upload.upload(self._open, [self.upload], opening, show_progress="minimal")
        self.upload.clear(self._close, None, opening, **quiet)
        self.number.input(self._move, here, [self.painter, self.at], **latest)
        self.number.release(self._compare, here, [self.compared], **latest)
        self.painter.submit(self._add, here, picture, **quiet)
        self.painter.undo(self._undo, here, picture, **quiet)
        self.painter.clear(self._clear, here, picture, **quiet)
        self.grow.input(self._grow, [self.number, self.grow], picture, **latest)
        for bound in (self.start, self.end):
            bound.input(self._limit, [self.number, self.start, self.end], picture, **latest)
        self.from_here.click(self._from_here, [self.number, self.end], [self.start, *picture], **quiet)
        self.to_here.click(self._to_here, [self.number, self.start], [self.end, *picture], **quiet)
        working = [self.status, *self._buttons(), self.cancel, *picture, self.masked, self.results, self.compared]
        working += [self.beside, self.download]
        for name, button in self.finders.items():
            search = self._find(name, finders[name]) if name in finders else self._follow(name, followers[name])
            button.click(search, here, working, **quiet)
        self.show.click(self._show, None, working, **quiet)
        self.try_out.click(self._try, [self.number, self.faster], working, **quiet)
        self.fill.click(self._fill, [self.number, self.faster], working, **quiet)
        self.cancel.click(self._cancel, None, None, queue=False)
        self.blocks.unload(self._leave)

    def _buttons(self) -> list[gr.Button]:
        return [*self.finders.values(), self.show, self.try_out, self.fill]

    def _mine(self, request: gr.Request) -> Session:
        return self.sessions.get(str(request.session_hash))

    def _leave(self, request: gr.Request) -> None:
        self.sessions.leave(str(request.session_hash))

    def _open(self, upload: str, request: gr.Request) -> Changes:
        session = self._mine(request)
        try:
            info = session.open(Path(upload))
        except (ValueError, OSError) as error:
            return {**self._closed(), self.about: refused(error)}
        return {
            **self._closed(),
            self.upload: gr.skip(),
            self.about: about(info),
            self.marking: gr.Column(visible=True),
            self.painter: self._painted(session, 0),
            self.number: gr.Slider(value=0, maximum=max(1, info.frames - 1), interactive=info.frames > 1),
            self.at: at(info, 0),
            self.start: 0,
            self.end: round(float(info.duration), 2),
            self.grow: 0,
            self.faster: gr.Checkbox(value=False, visible=info.height > LARGE),
        }

    def _close(self, request: gr.Request) -> Changes:
        self._mine(request).reset()
        return {**self._closed(), self.upload: gr.skip()}

    def _closed(self) -> Changes:
        """Return the page without a video."""
        return {
            self.about: "",
            self.upload: None,
            self.marking: gr.Column(visible=False),
            self.results: gr.Column(visible=False),
            self.masked: gr.Video(value=None, visible=False),
            self.refused: "",
            self.status: "",
        }

    def _painted(self, session: Session, number: float) -> Any:
        info, picture = session.video, session.picture(int(number))
        return gr.HTML(
            picture=f"data:image/jpeg;base64,{base64.b64encode(jpeg(picture)).decode()}",
            frame=int(number),
            width=info.width,
            height=info.height,
            version=next(self._versions),
        )

    def _move(self, number: float, request: gr.Request) -> Changes:
        session = self._mine(request)
        return {self.painter: self._painted(session, number), self.at: at(session.video, int(number))}

    def _compare(self, number: float, request: gr.Request) -> Changes:
        return {self.compared: self._beside_frames(self._mine(request), number)}

    def _beside_frames(self, session: Session, number: float) -> Any:
        compared = session.compared(int(number))
        if compared is None:
            return gr.skip()
        number, before, after = compared
        return gr.ImageSlider(value=(str(before), str(after)), label=f"Before and after, frame {number}")

    def _changed(self, session: Session, number: float, change: Callable[[], object]) -> Changes:
        """Change what is marked, and show it; or say what is wrong."""
        try:
            change()
            return {self.painter: self._painted(session, number), self.refused: ""}
        except (ValueError, OSError) as error:
            return {self.refused: refused(error)}

    def _add(self, number: float, event: gr.EventData, request: gr.Request) -> Changes:
        session = self._mine(request)
        return self._changed(session, number, lambda: session.add(event._data or {}))

    def _undo(self, number: float, request: gr.Request) -> Changes:
        session = self._mine(request)
        return self._changed(session, number, session.undo)

    def _clear(self, number: float, request: gr.Request) -> Changes:
        session = self._mine(request)
        return self._changed(session, number, session.clear)

    def _grow(self, number: float, pixels: float, request: gr.Request) -> Changes:
        session = self._mine(request)
        return self._changed(session, number, lambda: session.grow(int(pixels)))

    def _limit(self, number: float, start: float | None, end: float | None, request: gr.Request) -> Changes:
        session = self._mine(request)
        return self._changed(session, number, lambda: session.limit(start, end))

    def _from_here(self, number: float, end: float | None, request: gr.Request) -> Changes:
        start = round(float(self._mine(request).video.times()[int(number)]), 3)
        return {self.start: start, **self._limit(number, start, end, request)}

    def _to_here(self, number: float, start: float | None, request: gr.Request) -> Changes:
        end = round(float(self._mine(request).video.times()[int(number) + 1]), 3)
        return {self.end: end, **self._limit(number, start, end, request)}

    def _find(self, name: str, finder: Finder) -> Callable[[float, gr.Request], Iterator[Changes]]:
        """Return what a finder's button calls."""
        return self._search(lambda session: session.find(name, finder))

    def _follow(self, name: str, finder: Finder) -> Callable[[float, gr.Request], Iterator[Changes]]:
        """Return what a follower's button calls."""
        return self._search(lambda session: session.follow(name, finder))

    def _search(self, start: Callable[[Session], Job]) -> Callable[[float, gr.Request], Iterator[Changes]]:
        def search(number: float, request: gr.Request) -> Iterator[Changes]:
            session = self._mine(request)
            yield from self._work(
                session, lambda: start(session), lambda job: {self.painter: self._painted(session, number)}
            )

        return search

    def _show(self, request: gr.Request) -> Iterator[Changes]:
        session = self._mine(request)
        yield from self._work(
            session, session.show_mask, lambda job: {self.masked: gr.Video(value=str(job.result), visible=True)}
        )

    def _try(self, number: float, faster: bool, request: gr.Request) -> Iterator[Changes]:
        session = self._mine(request)
        yield from self._work(
            session, lambda: session.preview(int(number), faster), partial(self._filled, session, number)
        )

    def _fill(self, number: float, faster: bool, request: gr.Request) -> Iterator[Changes]:
        session = self._mine(request)
        yield from self._work(session, lambda: session.fill(faster), partial(self._filled, session, number))

    def _filled(self, session: Session, number: float, job: Job) -> Changes:
        result: Result = job.result
        name = result.video.name
        ready = gr.DownloadButton(f"Download {name}", value=str(result.video), visible=True)
        return {
            self.results: gr.Column(visible=True),
            self.compared: self._beside_frames(session, number),
            self.beside: str(result.beside),
            self.download: ready if result.whole else gr.DownloadButton(visible=False),
        }

    def _cancel(self, request: gr.Request) -> None:
        self._mine(request).cancel()

    def _work(self, session: Session, start: Callable[[], Job], done: Callable[[Job], Changes]) -> Iterator[Changes]:
        """Start a job and show how it goes; `done` returns what changes once it is done."""
        try:
            job = start()
        except (ValueError, OSError) as error:
            yield {self.status: refused(error)}
            return
        yield {self.status: standing(job, session.jobs.ahead_of(job)), **self._at_work(True)}
        while not job.over.wait(OFTEN):
            yield {self.status: standing(job, session.jobs.ahead_of(job))}
        yield {self.status: ended(job), **self._at_work(False), **(done(job) if job.state == DONE else {})}

    def _at_work(self, busy: bool) -> Changes:
        changes: Changes = {button: gr.Button(interactive=not busy) for button in self._buttons()}
        changes[self.cancel] = gr.Button(visible=busy)
        return changes
