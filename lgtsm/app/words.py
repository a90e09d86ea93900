"""What the page says, as HTML; all that comes from files is escaped."""

from __future__ import annotations

from html import escape

from lgtsm.app.jobs import DONE, FAILED, Job, told
from lgtsm.app.marks import RULE
from lgtsm.app.tasks import Result
from lgtsm.counted import counted
from lgtsm.exits import in_words
from lgtsm.progress_lines import duration
from lgtsm.video.probe import VideoInfo


def refused(error: Exception) -> str:
    """Return the sentence of an error about what the user did."""
    return f'<p class="refused" role="alert">{escape(in_words(error))}</p>'


def about(info: VideoInfo) -> str:
    """Return what a video is."""
    sound = f"sound ({', '.join(info.audio_codecs)})" if info.audio_codecs else "no sound"
    facts = f"{info.width}x{info.height}, {counted(info.frames, 'frame')}, {float(info.duration):.2f} s, {sound}"
    faults = [fault.replace(f"{info.path.parent}/", "") for fault in info.faults]
    return f"<p><b>{escape(info.path.name)}</b>: {escape(facts)}</p>" + "".join(
        f'<p class="rule">{escape(fault)}</p>' for fault in faults
    )


def at(info: VideoInfo, number: int) -> str:
    """Return where a frame is in the video, and how long marks count."""
    shown, length = float(info.times()[number]), float(info.duration)
    return f"<p>Frame {number}, at {shown:.2f} s of {length:.2f} s. {escape(RULE)}</p>"


def standing(job: Job, ahead: int) -> str:
    """Return how a job stands that is not over."""
    done = 100 * job.done / job.total if job.total else 0
    return f'<div class="job"><div class="bar"><i style="width: {done:.0f}%"></i></div><p>{told(job, ahead)}</p></div>'


def ended(job: Job) -> str:
    """Return how a job ended."""
    if job.state == FAILED:
        return f'<p class="refused" role="alert">{escape(job.error)}</p>'
    if job.state != DONE:
        return '<p class="over">Cancelled.</p>'
    said = [f"Done in {duration(job.seconds)}."]
    if isinstance(job.result, Result):
        said = [f"{counted(job.result.frames, 'frame')} filled in {duration(job.seconds)}.", *job.result.notices]
    return f'<p class="over">{escape(" ".join(said))}</p>'
