"""Laws of the ring: what is kept comes out in order and whole; what does not fit is counted."""

import shutil
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from workers.camera.ring import Ring

STEPS = st.lists(st.one_of(st.integers(1, 400), st.just("send"), st.just("restart")), max_size=30)
ROOM = 1_000


@settings(max_examples=40, deadline=None)
@given(STEPS)
def test_frames_leave_whole_and_in_order_and_every_other_is_counted(steps: list[int | str]) -> None:
    folder = Path(tempfile.mkdtemp(prefix="patchline-ring-"))
    try:
        ring, added, left, dropped = Ring(folder, max_bytes=ROOM), 0, list[int](), 0
        for step in steps:
            if isinstance(step, int):
                ring.add({"frame_id": str(added)}, bytes(step))
                added += 1
            elif step == "send":
                kept = ring.oldest()
                if kept is not None:
                    left.append(int(kept.known["frame_id"]))
                    ring.remove(kept.number)
            else:
                dropped += ring.dropped
                ring = Ring(folder, max_bytes=ROOM)
            assert ring.size <= ROOM
        assert left == sorted(set(left))
        assert len(left) + len(ring) + dropped + ring.dropped == added
    finally:
        shutil.rmtree(folder)


def test_the_oldest_makes_way_for_the_newest(tmp_path: Path) -> None:
    ring = Ring(tmp_path, max_bytes=1_000)
    assert [ring.add({"frame_id": str(number)}, bytes(300)) for number in range(4)] == [0, 0, 1, 1]
    oldest = ring.oldest()
    assert oldest is not None
    assert oldest.known == {"frame_id": "2"}
    assert ring.dropped == 2


def test_a_frame_that_is_larger_than_the_ring_is_the_one_that_is_dropped(tmp_path: Path) -> None:
    ring = Ring(tmp_path, max_bytes=1_000)
    assert ring.add({}, bytes(2_000)) == 1
    assert len(ring) == 0


def test_what_a_power_cut_left_is_dropped_and_the_rest_is_sent(tmp_path: Path) -> None:
    ring = Ring(tmp_path, max_bytes=10_000)
    for number in range(3):
        ring.add({"frame_id": str(number)}, b"picture")
    first, second, _ = sorted(tmp_path.glob("*.frame"))
    first.write_bytes(first.read_bytes()[:-3])
    second.write_bytes(b"")
    (tmp_path / ".part-abc").write_bytes(b"half")
    (tmp_path / "notes.txt").write_bytes(b"not ours")
    again = Ring(tmp_path, max_bytes=10_000)
    kept = again.oldest()
    assert kept is not None
    assert (kept.known["frame_id"], kept.data, again.spoilt) == ("2", b"picture", 2)
    again.add({"frame_id": "3"}, b"new")
    assert [path.name for path in tmp_path.glob(".part-*")] == []
    assert len(again) == 2
