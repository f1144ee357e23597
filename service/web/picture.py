"""Stored bytes as an answer: an image by its first bytes, else a download; never anything a browser runs."""

from starlette.responses import Response

# Seconds: a year. A frame_uid names its bytes, so they never change.
FOREVER = 31_536_000
MAGIC = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"BM", "image/bmp"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
)
HEADERS = {
    "Cache-Control": f"private, max-age={FOREVER}, immutable",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
}


def image_type(data: bytes) -> str | None:
    """The media type that the first bytes tell of; None when they tell of no image."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for magic, kind in MAGIC if data.startswith(magic)), None)


def picture_response(data: bytes) -> Response:
    """The bytes, shown in place when they are an image and offered as a file when they are not."""
    kind = image_type(data)
    disposition = "inline" if kind else 'attachment; filename="frame.bin"'
    headers = {**HEADERS, "Content-Disposition": disposition}
    return Response(data, media_type=kind or "application/octet-stream", headers=headers)


def download_response(data: bytes, name: str) -> Response:
    """Bytes that nobody vouches for, always as a file: a browser shows them where a page asks for an image,
    and runs them nowhere."""
    headers = {**HEADERS, "Content-Disposition": f'attachment; filename="{name}.bin"'}
    return Response(data, media_type=image_type(data) or "application/octet-stream", headers=headers)
