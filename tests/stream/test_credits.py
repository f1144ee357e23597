"""Credits close at either mark, and open again when enough is given back."""

import pytest

from service.stream.credits import Credits


def test_closed_at_the_mark_of_frames() -> None:
    credits_ = Credits(max_frames=2, max_pixels=1000)
    opened = []
    for move in (credits_.spend, credits_.spend, credits_.give_back):
        move(1)
        opened.append(credits_.open)
    assert opened == [True, False, True]


def test_closed_at_the_mark_of_pixels() -> None:
    credits_ = Credits(max_frames=100, max_pixels=1000)
    credits_.spend(1200)
    assert not credits_.open
    credits_.give_back(1200)
    assert (credits_.open, credits_.frames, credits_.pixels) == (True, 0, 0)


def test_what_was_not_spent_cannot_be_given_back() -> None:
    credits_ = Credits(max_frames=2, max_pixels=1000)
    credits_.spend(5)
    with pytest.raises(ValueError, match="were not in flight"):
        credits_.give_back(6)
