"""The process that reads one camera: it opens the source that standard input names and writes pictures to
standard output.

A process of its own, since a stream is bytes from outside in a decoder written in C: what crashes or hangs
there ends this process, and is a fault of the camera to the one that started it.
"""

import json
import os
import struct
import sys
import threading
from typing import BinaryIO

import numpy as np

from workers.camera.address import SourceAddress, SourceKind
from workers.camera.source import Captured, Source, SourceEnded, SourceFault

PICTURE, ENDED, FAULT = b"P", b"E", b"F"
# What follows; rows, columns and channels, or none of them; the moment in seconds; bytes that follow.
HEAD = struct.Struct("!c3Idq")


def source_of(address: SourceAddress, seconds: float) -> Source:
    """The source at the address. ``seconds`` may pass without a picture."""
    if address.kind is SourceKind.USB:
        from workers.camera.usb_source import UsbSource

        return UsbSource(int(address.target))
    from workers.camera.stream_source import StreamSource

    return StreamSource(address, seconds)


def main() -> None:
    """Until the source ends or fails, or whoever started this is gone."""
    asked = json.loads(sys.stdin.readline())
    address = SourceAddress(SourceKind(asked["kind"]), asked["told"], asked["target"])
    threading.Thread(target=_end_with_the_starter, daemon=True).start()
    # Pictures alone go to standard output: what a library prints there goes to standard error.
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    try:
        for captured in source_of(address, asked["seconds"]).pictures():
            _write_picture(out, captured)
    except SourceEnded as end:
        _write_sentence(out, ENDED, end)
    except SourceFault as fault:
        _write_sentence(out, FAULT, fault)


def _end_with_the_starter() -> None:
    sys.stdin.read()
    os._exit(0)


def _write_picture(out: BinaryIO, captured: Captured) -> None:
    pixels = np.ascontiguousarray(captured.pixels)
    rows, columns, *channels = pixels.shape
    head = (rows, columns, channels[0] if channels else 0, captured.at.timestamp(), pixels.nbytes)
    out.write(HEAD.pack(PICTURE, *head))
    out.write(pixels.data)
    out.flush()


def _write_sentence(out: BinaryIO, what: bytes, sentence: Exception) -> None:
    text = str(sentence).encode()
    out.write(HEAD.pack(what, 0, 0, 0, 0.0, len(text)) + text)
    out.flush()


if __name__ == "__main__":
    main()
