"""Small pictures: hostile bytes are decoded by a child, which may die without the page noticing."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from schemas.reasons import VerdictKind
from service.images.thumbnailer import thumbnail
from service.images.unreadable import UnreadableImage
from service.settings import StoreSettings
from service.store import open_store
from service.web.thumbs import thumbnails
from tests.parts import draw_part, encode_png
from tests.web.conftest import client_of, ready_page
from tests.web.plant import Plant


def pixels_of(data: bytes) -> NDArray[Any]:
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    assert pixels is not None
    return pixels


def size_of(data: bytes) -> tuple[int, ...]:
    return pixels_of(data).shape[:2]


async def test_a_thumbnail_is_small_and_what_cannot_be_shown_is_said(plant: Plant) -> None:
    good = await plant.judge("a", VerdictKind.OK, data=encode_png(draw_part(1, size=(320, 640))))
    bad = await plant.judge("a", VerdictKind.OK)
    async with ready_page(plant) as page, client_of(page) as client:
        shown = await client.get(f"/v1/frames/a/{good.frame_uid}/thumbnail")
        refused = await client.get(f"/v1/frames/a/{bad.frame_uid}/thumbnail")
        again = await client.get(f"/v1/frames/a/{good.frame_uid}/thumbnail")
    assert shown.headers["content-type"] == "image/jpeg"
    assert "immutable" in shown.headers["cache-control"]
    assert size_of(shown.content) == (112, 224)
    assert again.content == shown.content
    assert refused.status_code == 415


async def test_a_child_that_died_is_replaced() -> None:
    store = open_store(StoreSettings(url="memory://", cache_dir=Path("unused")))
    await store.put("one", encode_png(draw_part(1)))
    await store.put("two", encode_png(draw_part(2)))
    async with thumbnails(store, 10_000_000) as thumbs:
        await thumbs.of("one")
        assert thumbs._child is not None
        thumbs._child.kill()
        await thumbs._child.wait()
        assert size_of(await thumbs.of("two")) == (224, 224)


def test_a_box_is_cut_out_inside_the_picture() -> None:
    data = encode_png(draw_part(1, size=(100, 200)))
    assert size_of(thumbnail(data, 500, (190, 90, 40, 30))) == (30, 40)
    assert size_of(thumbnail(data, 500, (0, 0, 4000, 3000))) == (100, 200)


def test_deep_pictures_are_shown_from_black_to_their_own_white() -> None:
    deep = np.zeros((40, 40), np.uint16)
    deep[:20] = 900
    made = pixels_of(thumbnail(bytes(cv2.imencode(".png", deep)[1]), 40))
    assert made[5, 5] > 240
    assert made[35, 5] < 15


def test_bytes_that_are_no_picture_raise() -> None:
    with pytest.raises(UnreadableImage):
        thumbnail(b"\x89PNG\r\n\x1a\n nothing", 40)
