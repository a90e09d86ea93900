"""One job at a time, in a process that can be stopped."""

import os
import signal
import subprocess
import sys
import textwrap
import time

import pytest

from lgtsm.app.jobs import (
    CANCELLED,
    DIED,
    DONE,
    FAILED,
    RUNNING,
    UNEXPECTED,
    WAITING,
    Job,
    JobQueue,
    seconds_left,
    told,
)
from tests.app.worker_tasks import Count, WaitFor, die, refuse, stumble

PATIENCE = 60


@pytest.fixture
def jobs(tmp_path):
    (tmp_path / "work").mkdir()
    queue = JobQueue(tmp_path / "work")
    yield queue
    queue.close()


def until(condition):
    """Wait until a condition holds."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_job_reports_and_ends_with_its_result(jobs):
    heard = []
    job = jobs.submit(Count(5), after=lambda job: heard.append((job.state, job.over.is_set())))
    assert job.over.wait(PATIENCE)
    numbers, process = job.result
    assert (job.state, numbers, job.done, job.total) == (DONE, [0, 1, 2, 3, 4], 5, 5)
    assert process != os.getpid() and job.seconds > 0
    assert heard == [(DONE, False)]


def test_jobs_wait_for_each_other_and_can_be_cancelled_before_and_while_they_run(jobs, tmp_path):
    first = jobs.submit(WaitFor(tmp_path / "begun", tmp_path / "never"))
    second, third = jobs.submit(Count(1)), jobs.submit(Count(2))
    until((tmp_path / "begun").exists)
    until(lambda: first.total == 4)
    assert [job.state for job in (first, second, third)] == [RUNNING, WAITING, WAITING]
    assert [jobs.ahead_of(job) for job in (second, third)] == [1, 2]
    assert told(third, 2) == "Waiting: 2 jobs are first."
    second.cancel()
    first.cancel()  # it would never end
    assert all(job.over.wait(PATIENCE) for job in (first, second, third))
    assert [job.state for job in (first, second, third)] == [CANCELLED, CANCELLED, DONE]
    assert jobs.ahead_of(third) == 0


@pytest.mark.parametrize(
    ("task", "sentence"), [(refuse, "The number must be even; got 3."), (stumble, UNEXPECTED), (die, DIED)]
)
def test_a_job_that_fails_says_why_and_the_next_one_runs(jobs, task, sentence, capfd):
    failed, after = jobs.submit(task), jobs.submit(Count(1))
    assert failed.over.wait(PATIENCE) and after.over.wait(PATIENCE)
    assert (failed.state, failed.error, after.state) == (FAILED, sentence, DONE)


def test_a_task_that_cannot_be_sent_fails_and_the_next_one_runs(jobs, capfd):
    job = jobs.submit(lambda progress: None)
    assert job.over.wait(PATIENCE) and (job.state, job.error) == (FAILED, DIED)
    assert "Traceback" in capfd.readouterr().err
    job = jobs.submit(Count(2))
    assert job.over.wait(PATIENCE) and job.state == DONE


def test_closing_ends_the_worker_whatever_it_does(tmp_path):
    jobs = JobQueue(tmp_path)
    running, waiting = jobs.submit(WaitFor(tmp_path / "begun", tmp_path / "never")), jobs.submit(Count(1))
    until((tmp_path / "begun").exists)
    worker = jobs._process
    jobs.close()
    assert (running.state, waiting.state, worker.is_alive()) == (CANCELLED, CANCELLED, False)


def test_the_worker_ends_and_cleans_up_when_its_parent_is_killed(tmp_path):
    script = tmp_path / "parent.py"
    script.write_text(
        textwrap.dedent("""
        import sys
        from pathlib import Path
        from lgtsm.app.jobs import JobQueue
        from tests.app.worker_tasks import WaitFor
        if __name__ == "__main__":
            folder = Path(sys.argv[1])
            jobs = JobQueue(folder)
            jobs.submit(WaitFor(folder / "begun", folder / "never"))
            print(jobs._process.pid, flush=True)
            jobs._thread.join()
        """)
    )
    (tmp_path / "work").mkdir()
    words = [sys.executable, script, tmp_path / "work"]
    path = os.pathsep.join(sys.path)
    parent = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": path})
    with parent:
        worker = int(parent.stdout.readline())
        until((tmp_path / "work" / "begun").exists)
        parent.send_signal(signal.SIGKILL)
        parent.wait(PATIENCE)
    until(lambda: not is_alive(worker))
    assert not (tmp_path / "work").exists()


def is_alive(process: int) -> bool:
    """Return whether a process, not ours to wait for, runs."""
    try:
        with open(f"/proc/{process}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize(
    ("done", "total", "seconds", "pace", "left"),
    [
        (0, 0, 3, None, None),
        (0, 10, 3, None, None),
        (0, 10, 3, 2, 17),
        (0, 10, 30, 2, 0),
        (4, 10, 8, 99, 12),
        (10, 10, 9, 1, 0),
    ],
)
def test_time_left(done, total, seconds, pace, left):
    assert seconds_left(done, total, seconds, pace) == left


def test_a_job_in_words():
    job = Job(Count(1), pace=1.0)
    assert told(job, 0) == "Starting ..."
    assert told(job, 1) == "Waiting: 1 job is first."
    job.state, job.started, job.ended = RUNNING, 100, 120
    assert told(job, 0) == "reading the video, 20 s so far"
    job.total = 60
    assert told(job, 0) == "0 of 60 frames, 20 s so far, about 40 s left"
    job.done = 40
    assert told(job, 0) == "40 of 60 frames, 20 s so far, about 10 s left"
