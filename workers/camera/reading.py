"""A camera that is read in a process of its own (``workers/camera/reader.py``), as a source of the port."""

import json
import math
import os
import select
import subprocess
import sys
import time
from collections.abc import Generator, Iterator
from datetime import UTC, datetime
from typing import IO, cast

import numpy as np

from workers.camera.address import SourceAddress
from workers.camera.reader import ENDED, HEAD, PICTURE
from workers.camera.source import Captured, SourceEnded, SourceFault

# A reader that tells of a fault itself has had this long beside the camera's own time-out: to start, to open
# the stream and to find its first whole picture are one time-out each at most.
_START_SECONDS, _TIME_OUTS = 20.0, 3
# No camera's picture is larger; a reader that was taken over by a stream may claim any size.
_MOST_BYTES = 1 << 30


class ReadCamera:
    """A source of the port. The reader ends with the iterator, and with this process."""

    def __init__(self, address: SourceAddress, seconds: float) -> None:
        """``seconds`` may pass without a picture."""
        self._address, self._seconds = address, seconds

    def pictures(self) -> Generator[Captured, None, None]:
        """See the port."""
        reader = subprocess.Popen(
            [sys.executable, "-m", "workers.camera.reader"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        try:
            asked, answered = cast("IO[bytes]", reader.stdin), cast("IO[bytes]", reader.stdout)
            asked.write(self._question())
            asked.flush()
            yield from self._received(_Pipe(answered.fileno()))
        except (EOFError, BrokenPipeError):
            raise SourceFault(
                f"the reader of {self._address.told} ended without a word (code {reader.wait()}): "
                "look at what it wrote to standard error"
            ) from None
        except TimeoutError:
            raise SourceFault(
                f"{self._address.told} hangs (nothing for {self._patience:g} s): check it and its network"
            ) from None
        finally:
            reader.kill()
            reader.communicate()

    def _received(self, pipe: "_Pipe") -> Iterator[Captured]:
        while True:
            what, rows, columns, channels, moment, size = HEAD.unpack(pipe.take(HEAD.size, self._patience))
            if what == PICTURE:
                shape = (rows, columns, channels) if channels else (rows, columns)
                if size != math.prod(shape) or not 0 < size <= _MOST_BYTES:
                    raise SourceFault(
                        f"the reader of {self._address.told} is out of step: it is started anew"
                    )
                pixels = np.frombuffer(pipe.take(size, self._patience), np.uint8).reshape(shape)
                yield Captured(pixels, datetime.fromtimestamp(moment, UTC))
                continue
            sentence = pipe.take(min(size, 10_000), self._patience).decode(errors="replace")
            raise (SourceEnded if what == ENDED else SourceFault)(sentence)

    @property
    def _patience(self) -> float:
        return _START_SECONDS + _TIME_OUTS * self._seconds

    def _question(self) -> bytes:
        # On standard input, not among the arguments: the target holds the password.
        asked = {"kind": self._address.kind.value, "told": self._address.told, "target": self._address.target}
        return json.dumps({**asked, "seconds": self._seconds}).encode() + b"\n"


class _Pipe:
    """Reads whole messages, each within a time."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._ready = select.poll()
        self._ready.register(descriptor, select.POLLIN)

    def take(self, size: int, seconds: float) -> bytearray:
        """So many bytes. Raises ``EOFError`` where the other side ended, ``TimeoutError`` where it hangs."""
        taken, filled, until = bytearray(size), 0, time.monotonic() + seconds
        while filled < size:
            if not self._ready.poll(max(0.0, until - time.monotonic()) * 1000):
                raise TimeoutError
            with memoryview(taken)[filled:] as rest:
                count = os.readv(self._descriptor, [rest])
            if count == 0:
                raise EOFError
            filled += count
        return taken
