import io

from lgtsm.progress_lines import ProgressLines


def test_lines_come_now_and_then_and_at_the_end():
    now, out = [100.0], io.StringIO()
    with ProgressLines("frames", 10, out, lambda: now[0]) as lines:
        task = lines.add_task("fill", total=40)
        for done in range(1, 41):
            now[0] += 1
            lines.update(task, completed=done)
    assert out.getvalue().splitlines() == [
        "fill: 10/40 frames, 10 s so far, 30 s left",
        "fill: 20/40 frames, 20 s so far, 20 s left",
        "fill: 30/40 frames, 30 s so far, 10 s left",
        "fill: 40/40 frames, 40 s so far",
    ]


def test_without_a_total_and_with_one_that_comes_later():
    now, out = [0.0], io.StringIO()
    lines = ProgressLines("frames", 10, out, lambda: now[0])
    first, second = lines.add_task("pipe"), lines.add_task("b.mp4")
    now[0] = 200
    lines.update(first, completed=50)
    lines.update(second, completed=1, total=100)
    now[0] = 210
    lines.update(second, completed=2)
    assert out.getvalue().splitlines() == [
        "pipe: 50 frames, 3 min so far",
        "b.mp4: 1/100 frames, 3 min so far",  # too early to tell
        "b.mp4: 2/100 frames, 4 min so far, 2 h 52 min left",
    ]
