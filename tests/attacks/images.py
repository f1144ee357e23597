"""Bytes that a hostile or broken camera may send, and what becomes of each."""

import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image

from schemas.reasons import DeadLetterReason as Reason
from tests.faults.png import chunk, with_chunks
from tests.images.encoded import animated, save, texture, turned

SIDE = 60_000


@dataclass(frozen=True)
class Attack:
    """``reason`` None: it is read as the harmless picture that it also is."""

    name: str
    wish: str
    data: Callable[[], bytes]
    reason: Reason | None
    stop: str


def picture(kind: str = "PNG", **options: object) -> bytes:
    """A harmless one."""
    return save(Image.fromarray(texture()), kind, **options)


def packed(mebibytes: int = 1024) -> bytes:
    """Some kilobytes that unpack to so much: one compressed piece of zeros, again and again."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    piece = deflate.compress(bytes(2**20)) + deflate.flush(zlib.Z_FULL_FLUSH)
    end = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS).flush()
    checksum = (mebibytes * 2**20 % 65_521) << 16 | 1
    return b"\x78\x9c" + piece * mebibytes + end + struct.pack(">I", checksum)


def png_of(width: int, height: int, rows: bytes = b"") -> bytes:
    """A PNG that states this size."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return picture()[:8] + header + chunk(b"IDAT", rows or zlib.compress(bytes(1000))) + chunk(b"IEND", b"")


def bmp_of(width: int, height: int, bits: int = 24) -> bytes:
    """A BMP that states this size."""
    info = struct.pack("<IiiHHIIiiII", 40, width, height, 1, bits, 0, 0, 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", 54 + 1024, 0, 0, 54) + info + bytes(1024)


def tiff_of(*entries: tuple[int, int, int], after: int = 0) -> bytes:
    """A TIFF of one directory of (tag, type, value), and the place of the next."""
    body = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in sorted(entries))
    head = b"II*\0" + struct.pack("<I", 8) + struct.pack("<H", len(entries))
    return head + body + struct.pack("<I", after) + bytes(4096)


def vast_tiff(after: int = 0) -> bytes:
    sizes = (
        (256, 4, SIDE),
        (257, 4, SIDE),
        (258, 3, 8),
        (259, 3, 1),
        (262, 3, 1),
        (273, 4, 200),
        (278, 4, SIDE),
    )
    return tiff_of(*sizes, (279, 4, 100), (277, 3, 1), after=after)


def vast_jpeg() -> bytes:
    data = bytearray(picture("JPEG"))
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = struct.pack(">HH", SIDE, SIDE)
    return bytes(data)


def vast_webp() -> bytes:
    size = (16_383 - 1).to_bytes(3, "little")
    extended = b"VP8X" + struct.pack("<I", 10) + b"\0\0\0\0" + size + size
    body = b"WEBP" + extended + picture("WEBP", lossless=True)[12:]
    return b"RIFF" + struct.pack("<I", len(body)) + body


def many_scans() -> bytes:
    """A progressive JPEG whose last scan is said again a thousand times."""
    data = picture("JPEG", progressive=True)
    last = data.rindex(b"\xff\xda")
    return data[:last] + data[last:-2] * 1000 + data[-2:]


ATTACKS = (
    Attack(
        "nothing", "an index out of range", lambda: b"", Reason.EMPTY, "an empty message is set aside first"
    ),
    Attack(
        "text that asks for a file",
        "to have a file read or an address fetched",
        lambda: b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>',
        Reason.NOT_AN_IMAGE,
        "five formats are read, told by their first bytes; none of them refers to anything",
    ),
    Attack(
        "PostScript",
        "to be run",
        lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n(%pipe%id) (r) file\n",
        Reason.NOT_AN_IMAGE,
        "the same",
    ),
    Attack(
        "GIF", "a decoder that is seldom looked at", lambda: picture("GIF"), Reason.NOT_AN_IMAGE, "the same"
    ),
    Attack("JPEG 2000", "the same", lambda: picture("JPEG2000"), Reason.NOT_AN_IMAGE, "the same"),
    Attack(
        "pickle",
        "to be unpickled",
        lambda: b"cos\nsystem\n(S'id'\ntR.",
        Reason.NOT_AN_IMAGE,
        "nothing is ever unpickled",
    ),
    Attack(
        "PNG of 60,000 x 60,000",
        "10 GB of memory",
        lambda: png_of(SIDE, SIDE),
        Reason.TOO_MANY_PIXELS,
        "the header is held against max_pixels before anything is decoded",
    ),
    Attack("JPEG of 60,000 x 60,000", "the same", vast_jpeg, Reason.TOO_MANY_PIXELS, "the same"),
    Attack(
        "BMP of 60,000 x 60,000", "the same", lambda: bmp_of(SIDE, SIDE), Reason.TOO_MANY_PIXELS, "the same"
    ),
    Attack(
        "BMP of a negative height",
        "the same, past a check of signs",
        lambda: bmp_of(SIDE, -SIDE),
        Reason.TOO_MANY_PIXELS,
        "the same, of its absolute value",
    ),
    Attack("TIFF of 60,000 x 60,000", "the same", vast_tiff, Reason.TOO_MANY_PIXELS, "the same"),
    Attack("WebP of 16,383 x 16,383", "the same", vast_webp, Reason.TOO_MANY_PIXELS, "the same"),
    Attack(
        "PNG of no width",
        "a division by zero",
        lambda: png_of(0, 10),
        Reason.UNDECODABLE,
        "a side of zero is refused from the header",
    ),
    Attack(
        "a megabyte of text that unpacks to a gigabyte",
        "a gigabyte of memory",
        lambda: with_chunks(picture(), chunk(b"zTXt", b"Comment\0\0" + packed())),
        None,
        "text and colour profiles are not unpacked",
    ),
    Attack(
        "a colour profile that unpacks to a gigabyte",
        "the same",
        lambda: with_chunks(picture(), chunk(b"iCCP", b"sRGB\0\0" + packed())),
        None,
        "the same",
    ),
    Attack(
        "pixels that unpack to more than the header states",
        "memory past the picture",
        lambda: png_of(8, 8, packed()),
        None,
        "the decoder takes as many rows as the header states",
    ),
    Attack(
        "a JPEG without its second half",
        "to be judged by pixels of another's picture",
        lambda: picture("JPEG")[: len(picture("JPEG")) // 2],
        Reason.TRUNCATED,
        "the end-of-image mark is looked for before decoding",
    ),
    Attack("a PNG without its end", "the same", lambda: picture()[:-12], Reason.TRUNCATED, "the same"),
    Attack(
        "a JPEG with a program behind it",
        "to be stored and run as something else",
        lambda: picture("JPEG") + b"PK\3\4" + bytes(100),
        Reason.TRUNCATED,
        "the end-of-image mark must end the message",
    ),
    Attack(
        "a progressive JPEG of a thousand scans",
        "minutes of a core",
        many_scans,
        None,
        "each scan costs its bytes, and these are limited; a hang is ended by the watchdog",
    ),
    Attack(
        "animated PNG",
        "to hide a picture in another",
        lambda: animated("PNG"),
        Reason.UNDECODABLE,
        "animations are refused from the header",
    ),
    Attack("animated WebP", "the same", lambda: animated("WEBP"), Reason.UNDECODABLE, "the same"),
    Attack(
        "CMYK JPEG",
        "decoders that disagree on its colours",
        lambda: save(Image.fromarray(texture()).convert("CMYK"), "JPEG"),
        Reason.UNDECODABLE,
        "CMYK is refused from the header",
    ),
    Attack(
        "EXIF that turns the picture",
        "boxes in the wrong place",
        lambda: turned(6),
        None,
        "EXIF is not read: pixels are judged as stored",
    ),
    Attack(
        "a TIFF whose directories form a circle",
        "an endless loop",
        lambda: vast_tiff(after=8),
        Reason.TOO_MANY_PIXELS,
        "the first directory alone is read",
    ),
    Attack(
        "a TIFF of zeros",
        "an offset out of range",
        lambda: b"II*\0" + struct.pack("<I", 2**31) + bytes(100),
        Reason.TRUNCATED,
        "offsets are held against the length",
    ),
    Attack(
        "a PNG with wrong checksums",
        "pixels that nobody wrote",
        lambda: picture()[:45] + bytes(np.frombuffer(picture()[45:90], np.uint8) ^ 255) + picture()[90:],
        Reason.UNDECODABLE,
        "the decoder refuses it",
    ),
)
