"""Chunks of a PNG file, for pictures that are not what they seem."""

import struct
import zlib

# The signature and the header chunk: what comes next may be any chunk.
HEAD_BYTES = 33


def chunk(name: bytes, data: bytes) -> bytes:
    """A chunk with its length and checksum."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def with_chunks(png: bytes, *chunks: bytes) -> bytes:
    """The picture with chunks right after its header."""
    return png[:HEAD_BYTES] + b"".join(chunks) + png[HEAD_BYTES:]
