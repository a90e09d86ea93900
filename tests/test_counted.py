from lgtsm.counted import counted


def test_one_thing_takes_no_s():
    assert [counted(number, "frame") for number in (0, 1, 2)] == ["0 frames", "1 frame", "2 frames"]
