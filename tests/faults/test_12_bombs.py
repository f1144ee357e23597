"""Case 12: small messages that claim, or unpack to, gigabytes."""

import struct
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from tests.faults.clients import camera
from tests.faults.delays import delays
from tests.faults.figures import Figure, tell
from tests.faults.form import LAW, LONG_ONLY, percentile, times
from tests.faults.ground import Ground
from tests.faults.inspecting import Inspecting
from tests.faults.load import GOOD
from tests.faults.png import chunk, with_chunks

pytestmark = [*LAW, LONG_ONLY]
BOUND_MIB = 256
# "Unchanged", within what a p99 over some hundred frames varies by from minute to minute.
NOISE, SLACK_SECONDS = 1.5, 0.05


def vast_png() -> bytes:
    """60,000 x 60,000 by its header."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0))
    return GOOD[0][:8] + header + chunk(b"IDAT", zlib.compress(bytes(100_000))) + chunk(b"IEND", b"")


def vast_bmp() -> bytes:
    """60,000 x 60,000 by its header."""
    info = struct.pack("<IiiHHIIiiII", 40, 60_000, 60_000, 1, 24, 0, 0, 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", 54 + 1024, 0, 0, 54) + info + bytes(1024)


def dense_png() -> bytes:
    """A good part whose text and colour profile unpack to a gigabyte each."""
    deflate = zlib.compressobj(9)
    packed = b"".join(deflate.compress(bytes(2**20)) for _ in range(1024)) + deflate.flush()
    text = chunk(b"zTXt", b"Comment\0\0" + packed)
    profile = chunk(b"iCCP", b"sRGB\0\0" + packed)
    return with_chunks(GOOD[0], profile, text)


def test_bombs_are_refused_before_they_are_unpacked(ground: Ground) -> None:
    repetitions, bombs = times(short=3, long=20), (vast_png(), vast_bmp(), dense_png())
    producer, topic = camera(ground.settings.kafka.bootstrap), f"{ground.settings.kafka.topic_prefix}frames"
    with ground.inspector() as inspector, ground.load() as load:
        inspector.ready()
        while load.sent < 60:
            time.sleep(0.2)
        ground.caught_up()
        base, calm = inspector.resident(), time.time()
        time.sleep(10)
        struck = time.time()
        with peak_of(inspector) as peak:
            for _ in range(repetitions):
                for number, bomb in enumerate(bombs):
                    producer.produce(topic, key=b"north", value=bomb, partition=number % 2)
                    assert producer.flush(60) == 0
                    time.sleep(0.5)
            after = time.time()
            report = ground.account()
            restarts = inspector.metric("patchline_extraction_restarts_total")
    assert restarts in (None, 0)
    rise = (max(peak) - base) / 2**20
    good = [verdict for verdict in ground.effective() if verdict["frame_id"] in load.expected]
    before = percentile(delays(good, calm, struck), 0.99)
    during = percentile(delays(good, struck, after), 0.99)
    figure = (
        f"{repetitions} of each of {len(bombs)}: {report['dead_lettered']} refused, the rest judged; "
        f"memory rose by {rise:.0f} MiB at most; the neighbours' p99 {before:.2f} s before and "
        f"{during:.2f} s during"
    )
    bound = f"<= {BOUND_MIB} MiB, neighbours' p99 <= {NOISE:g} x + {SLACK_SECONDS * 1000:g} ms"
    held = rise <= BOUND_MIB and during <= NOISE * before + SLACK_SECONDS
    tell(Figure(12, "bombs", repetitions, figure, bound, held))


@contextmanager
def peak_of(inspector: Inspecting) -> Iterator[list[int]]:
    """Samples of its memory while the block runs."""
    samples, stop = [inspector.resident()], threading.Event()

    def look() -> None:
        while not stop.wait(0.1):
            samples.append(inspector.resident())

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield samples
    finally:
        stop.set()
        thread.join()
