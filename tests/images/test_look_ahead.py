"""What is looked at ahead is what would have been seen later, and nobody looks twice."""

from collections.abc import Callable

import numpy as np
import pytest

from service.images.checks import check_fit
from service.images.contract import InputContract
from service.images.decode import decode
from service.images.resize import fit
from service.images.unreadable import UnfitImage
from service.images.view import admit, look_ahead, view
from service.patchcore.recipe import Recipe
from tests.parts import draw_part, encode_png

SMALL, LARGE = (Recipe(input_pixels=side * side) for side in (96, 160))
DATA = encode_png(draw_part(3, size=(128, 128)))


def learnt(recipe: Recipe) -> InputContract:
    return InputContract.learn([decode(DATA).form()], recipe)


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was done, in order."""
    seen: list[str] = []

    def told(what: str, work: Callable[..., object]) -> Callable[..., object]:
        def done(*given: object) -> object:
            seen.append(what)
            return work(*given)

        return done

    monkeypatch.setattr("service.images.contract.fit", told("resize", fit))
    monkeypatch.setattr("service.images.contract.check_fit", told("check", check_fit))
    return seen


def test_what_was_looked_at_ahead_is_the_same_and_is_not_done_again(looks: list[str]) -> None:
    contract, ahead = learnt(SMALL), decode(DATA)
    look_ahead(ahead, contract)
    done = list(looks)
    admit(ahead, contract)
    seen = view(ahead, contract)
    assert looks == done == ["resize", "check"]
    assert np.array_equal(seen, view(decode(DATA), contract))


def test_another_contract_looks_again(looks: list[str]) -> None:
    ahead = decode(DATA)
    look_ahead(ahead, learnt(SMALL))
    looks.clear()
    other = learnt(LARGE)
    admit(ahead, other)
    assert view(ahead, other).shape[:2] == (other.input_height, other.input_width)
    assert looks == ["resize", "check"]


def test_a_picture_that_does_not_fit_is_refused_as_often_as_it_is_asked() -> None:
    contract, flat = learnt(SMALL), decode(encode_png(np.full((128, 128, 3), 90, np.uint8)))
    look_ahead(flat, contract)
    assert not flat.ahead
    for _ in range(2):
        with pytest.raises(UnfitImage):
            admit(flat, contract)
