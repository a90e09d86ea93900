"""What one tab works on."""

import shutil
import time
from fractions import Fraction

import cv2
import numpy as np
import pytest

from lgtsm.app.jobs import CANCELLED, DONE, FAILED, JobQueue
from lgtsm.app.session import Session, Sessions
from lgtsm.app.tasks import ending, shown_size, window
from lgtsm.app.uploads import Limits
from lgtsm.app.words import about, ended, refused
from lgtsm.commands import inpaint
from lgtsm.commands.app import find_text, follow_box
from lgtsm.video.encoding import Encoding
from lgtsm.video.mask_choice import MaskChoice
from lgtsm.video.open import open_video
from lgtsm.video.probe import probe
from lgtsm.video.writer import VideoWriter
from tests.app.clips import FRAMES, write_clip
from tests.app.worker_tasks import find_corner, find_nothing
from tests.entry_points.calling import exit_code
from tests.masks.test_text import subtitle

PATIENCE = 120
BOX = {"kind": "box", "frame": 3, "size": 1, "points": [[100, 40], [150, 100]]}


@pytest.fixture(scope="module")
def jobs(tmp_path_factory):
    queue = JobQueue(tmp_path_factory.mktemp("work"))
    yield queue
    queue.close()


@pytest.fixture
def session(tmp_path, jobs):
    session = Session(tmp_path / "session", jobs, Limits())
    yield session
    session.close()
    assert not session.folder.exists()


@pytest.fixture
def upload(tmp_path, data_folder):
    """Return put(name of a test clip, its new name) -> a copy as the browser leaves it."""

    def put(name="bmx-trees/video.mp4", as_="video.mp4"):
        (tmp_path / "uploads").mkdir(exist_ok=True)
        return shutil.copy(data_folder / name, tmp_path / "uploads" / as_)

    return put


def files(folder):
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def frames(path):
    with open_video(path, "pyav") as video:
        return np.stack(list(video))


def test_a_video_is_taken_over_and_replaces_the_one_before(session, upload, tmp_path):
    session.open(upload())
    session.add(BOX)
    assert session.open(upload(as_="<b>other.mp4")).frames == 24
    assert files(session.folder) == ["_b_other.mp4"] and files(tmp_path / "uploads") == []
    assert session.drawing.marks == ()
    session.reset()
    assert files(session.folder) == []
    with pytest.raises(ValueError, match="No video is open"):
        session.picture(0)


def test_what_is_refused_is_not_kept(session, upload, tmp_path):
    with pytest.raises(ValueError, match=r"^bad\.mp4 must be a video file"):
        session.open(upload("odd/not_a_video.mp4", "bad.mp4"))
    assert files(session.folder) == files(tmp_path / "uploads") == [] and session.info is None


def test_the_picture_shows_the_hole(session, upload):
    session.open(upload())
    before = session.picture(3)
    assert np.array_equal(before, session.frame(3))
    session.add(BOX)
    changed = (session.picture(3) != before).any(-1)
    assert changed[40:100, 100:150].mean() > 0.99 and not changed[:40].any() and not changed[:, 150:].any()
    session.grow(4)
    assert (session.picture(3) != before).any(-1)[40:100, 150:154].mean() > 0.9
    session.limit(0.5, None)
    assert np.array_equal(session.picture(3), before)
    session.limit(0, 99)
    session.undo()
    assert np.array_equal(session.picture(3), before)


def test_a_part_without_frames_is_refused(session, upload):
    session.open(upload())
    with pytest.raises(
        ValueError, match=r"must end after it starts, within the 1\.00 s of the video; got 0\.8 s to 0\.2 s"
    ):
        session.limit(0.8, 0.2)
    with pytest.raises(ValueError, match="got 7 s to 1 s"):
        session.limit(7, None)
    assert session.drawing.part is None


def test_the_fill_is_that_of_the_command(session, tmp_path, data_folder):
    source = write_clip(tmp_path / "source.mp4", data_folder)
    info = session.open(shutil.copy(source, tmp_path / "water.mp4"))
    session.add({"kind": "box", "frame": 0, "size": 1, "points": [[40, 22], [70, 50]]})
    session.limit(0.2, 0.5)
    job = session.fill()
    assert job.over.wait(PATIENCE) and job.state == DONE, job.error
    result = session.result
    assert (result.video.name, result.start, result.frames, result.whole) == ("water_filled.mp4", 0, FRAMES, True)
    command = "--box", "40,22,30,28@0.2s-0.5s", "-o", tmp_path / "command.mp4"
    assert exit_code(inpaint.main, source, *command) == 0
    assert np.array_equal(frames(result.video), frames(tmp_path / "command.mp4"))
    filled = probe(result.video)
    assert filled.audio_codecs == info.audio_codecs == ("aac",) and filled.times() == info.times()
    assert probe(result.beside).frames == FRAMES
    assert session.pace > 0 and "16 frames filled in" in ended(job)


def test_a_preview_fills_only_around_the_frame(session, tmp_path, data_folder):
    info = session.open(write_clip(tmp_path / "slow.mp4", data_folder, fps=4))
    session.add({"kind": "box", "frame": 8, "size": 1, "points": [[50, 20], [70, 35]]})
    job = session.preview(8)
    assert job.over.wait(PATIENCE) and job.state == DONE, job.error
    result, times = session.result, info.times()
    assert not result.whole and result.start <= 8 < result.start + result.frames < FRAMES
    assert 2 <= times[result.start + result.frames] - times[result.start] <= 2.5
    source, filled = frames(info.path)[result.start :][: result.frames], frames(result.video)
    hole = np.zeros(source.shape[1:3], bool)
    hole[20:35, 50:70] = True
    assert np.array_equal(filled[:, ~hole], source[:, ~hole])
    assert all((one[hole] != other[hole]).any() for one, other in zip(filled, source, strict=True))
    number, before, after = session.compared(0)  # the nearest frame that there is
    assert number == result.start
    shown = [cv2.imread(str(file))[..., ::-1].astype(float) for file in (before, after)]
    assert np.abs(shown[0] - source[0]).mean() < 6 and np.abs(shown[1] - filled[0]).mean() < 6
    session.compared(5)
    assert files(session.folder).count("before.jpg") == 1  # pictures of earlier looks go


def test_what_is_found_joins_the_mask_until_it_is_cleared(session, upload):
    session.open(upload())
    job = session.find("corner", find_corner)
    assert job.over.wait(PATIENCE) and job.state == DONE, job.error
    assert session.drawing.hole(session.info, 5).sum() == 200
    job = session.find("other", find_nothing)
    assert job.over.wait(PATIENCE) and (job.state, job.error[:29]) == (FAILED, "The corner must mask somethin")
    session.clear()
    assert session.drawing.hole(session.info, 5).sum() == 0


def test_text_is_found(session, tmp_path, data_folder):
    info = probe(data_folder / "bmx-trees" / "video.mp4")
    written, words = zip(*(subtitle(frame, "Mind the tree!", 14) for frame in frames(info.path)[:8]))
    with VideoWriter(tmp_path / "in.mp4", info.fps, info.height, info.width) as writer:
        for frame in written:
            writer.write(frame)
    session.open(tmp_path / "in.mp4")
    session.grow(2)
    job = session.find("Find text", find_text)
    assert job.over.wait(PATIENCE) and job.state == DONE, job.error
    assert (job.done, job.total) == (8, 8)
    assert session.drawing.hole(session.info, 4)[words[4]].mean() >= 0.98


def test_what_is_in_the_last_box_is_followed_in_place_of_the_box(session, data_folder, tmp_path):
    folder = data_folder / "bmx-trees"
    shutil.copy(folder / "video.mp4", tmp_path / "in.mp4")
    session.open(tmp_path / "in.mp4")
    with pytest.raises(ValueError, match="Draw a box around the object on one frame first"):
        session.follow("Follow", follow_box)
    true = np.stack(list(MaskChoice(folder / "masks").open(session.info)))
    rows, columns = np.nonzero(true[4])
    ends = [(columns.min() - 2, rows.min() - 2), (columns.max() + 3, rows.max() + 3)]
    session.add({"kind": "box", "frame": 4, "points": ends, "size": 1})
    session.grow(3)
    job = session.follow("Follow", follow_box)
    assert job.over.wait(PATIENCE) and job.state == DONE, job.error
    assert (job.done, job.total) == (24, 24)
    assert session.drawing.marks == ()
    holes = np.stack([session.drawing.hole(session.info, number) for number in range(24)])
    assert holes[true > 0].mean() > 0.8


def test_a_job_of_one_page_at_a_time_and_nothing_left_of_a_cancelled_one(session, upload):
    session.open(upload())
    session.add(BOX)
    job = session.fill()
    with pytest.raises(ValueError, match="One thing at a time"):
        session.show_mask()
    session.cancel()
    assert job.over.wait(PATIENCE) and job.state == CANCELLED
    assert files(session.folder) == ["video.mp4"] and session.result is None
    job = session.show_mask()
    assert job.over.wait(PATIENCE) and job.state == DONE, job.error
    assert probe(job.result).frames == 24
    assert files(session.folder) == ["mask.mp4", "video.mp4"]


def test_an_empty_mask_fails_with_what_to_do(session, upload):
    session.open(upload())
    job = session.fill()
    assert job.over.wait(PATIENCE) and job.state == FAILED
    assert job.error.endswith("Draw a box or paint over what you want to remove.")
    assert files(session.folder) == ["video.mp4"]


def test_sessions_go_when_their_tab_does(tmp_path, jobs):
    sessions = Sessions(tmp_path, lambda folder: Session(folder, jobs, Limits()), keep=0.05)
    one, other = sessions.get("one"), sessions.get("other")
    assert sessions.get("one") is one and one.folder != other.folder
    sessions.leave("unknown")
    sessions.leave("one")
    end = time.monotonic() + PATIENCE
    while one.folder.exists():
        assert time.monotonic() < end
        time.sleep(0.01)
    assert other.folder.exists() and len(sessions) == 1
    sessions.keep = 1000
    sessions.leave("other")
    assert sessions.get("other") is other  # back in time
    sessions.leave("other")
    sessions.close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("name", "own"), [("bmx-trees/video.mp4", ".mp4"), ("odd/sar_12_11.3gp", ".3gp")])
def test_the_result_has_the_container_of_the_source_where_it_can_be_written(data_folder, tmp_path, name, own):
    info = probe(data_folder / name)
    assert ending(info, Encoding(), tmp_path) == own
    assert ending(info, Encoding(codec="no such encoder"), tmp_path) == ".mkv"
    assert list(tmp_path.iterdir()) == []


def test_names_are_escaped(session, upload):
    info = session.open(upload(as_="a&b.mp4"))
    assert "<b>a_b.mp4</b>: 288x160, 24 frames, 1.00 s, no sound" in about(info)
    assert refused(ValueError("<script>")) == '<p class="refused" role="alert">&lt;script&gt;</p>'


@pytest.mark.parametrize(
    ("number", "part"), [(0, (0, 8)), (2, (0, 8)), (4, (0, 9)), (12, (8, 17)), (21, (16, 24)), (23, (16, 24))]
)
def test_the_window_lies_around_the_frame(number, part):
    times = [Fraction(count, 24) for count in range(25)]
    assert window(times, number, Fraction(1, 3)) == part
    assert window(times, number, 2) == (0, 24)


@pytest.mark.parametrize(
    ("size", "shown"),
    [((160, 288), (160, 288)), ((181, 321), (180, 320)), ((1080, 1920), (480, 854)), ((1920, 1080), (854, 480))],
)
def test_shown_sizes_are_even_and_small(size, shown):
    assert shown_size(*size, 480) == shown
