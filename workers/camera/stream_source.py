"""RTSP, HTTP and video files by PyAV: each opening has a decoder of its own, so nothing of the stream before
a cut is in a picture after it."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import av
import av.logging

from workers.camera.address import SourceAddress, SourceKind
from workers.camera.source import Captured, SourceEnded, SourceFault

# FFmpeg writes the address it was given, password and all, to standard error.
av.logging.set_level(None)


class StreamSource:
    """A source of the port."""

    def __init__(self, address: SourceAddress, seconds: float) -> None:
        """``seconds`` may pass without a picture; a video is given at its own speed."""
        self._address, self._seconds = address, seconds

    def pictures(self) -> Iterator[Captured]:
        """See the port."""
        try:
            with self._open() as container:
                yield from self._decoded(container)
        except av.FFmpegError as error:
            # Its text may quote the address with the password, so not even the cause is kept.
            stalled = isinstance(error, av.error.ExitError)
            reason = f"nothing for {self._seconds:g} s" if stalled else type(error).__name__
            raise SourceFault(f"{self._address.told} gives no picture ({reason}): {_REMEDY}") from None
        if self._address.kind is SourceKind.VIDEO:
            raise SourceEnded(f"{self._address.told} has come to its end")
        raise SourceFault(f"{self._address.told} ended the stream: {_REMEDY}")

    def _open(self) -> Any:
        # Over TCP: a lost UDP packet is half a picture of the one before.
        options = {"rtsp_transport": "tcp"} if self._address.target.startswith("rtsp") else {}
        return av.open(self._address.target, options=options, timeout=(self._seconds, self._seconds))

    def _decoded(self, container: Any) -> Iterator[Captured]:
        # FFmpeg 8.1 crashes where a stream was cut before its decoder was known (PyAV issue 2344).
        if not container.streams.video or container.streams.video[0].codec_context is None:
            raise SourceFault(f"{self._address.told} has no pictures in it: check the address")
        stream = container.streams.video[0]
        stream.thread_type = "SLICE"
        began, whole = time.monotonic(), False
        for frame in container.decode(stream):
            # A stream is joined in the middle: what refers to pictures that were never seen is grey.
            whole = whole or frame.key_frame
            if not whole or frame.is_corrupt:
                continue
            if self._address.kind is SourceKind.VIDEO:
                _wait_for(frame, began)
            # Converted from what this very frame says of its format: a camera may change it at any time.
            yield Captured(frame.to_ndarray(format="bgr24"), datetime.now(UTC))


_REMEDY = "check address, user, password file and network"


def _wait_for(frame: Any, began: float) -> None:
    rest = (frame.time or 0.0) - (time.monotonic() - began)
    if rest > 0:
        time.sleep(min(rest, 10.0))
