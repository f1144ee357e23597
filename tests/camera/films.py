"""Films of known colours, made when a test needs them, and a server that cuts them off."""

import asyncio
import contextlib
import functools
import json
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np

from workers.camera.source import Pixels

# Blue, green, red, as OpenCV counts; far from each other, and from the grey of a decoder that knows nothing.
COLOURS = {"red": (40, 40, 220), "green": (40, 200, 40), "blue": (220, 60, 40), "yellow": (40, 210, 210)}
FPS = 20


def film(
    colours: Sequence[str],
    *,
    codec: str = "libx264",
    pixels: str = "yuv420p",
    size: tuple[int, int] = (128, 96),
    container: str = "mpegts",
    each: int = 10,
) -> bytes:
    """A film that shows each colour for so many pictures; one key frame a second. FFmpeg runs in a process of
    its own, as it does in the camera."""
    asked = {
        "colours": [COLOURS[colour] for colour in colours],
        **{"codec": codec, "pixels": pixels, "size": size, "container": container, "each": each, "fps": FPS},
    }
    return _encoded(json.dumps(asked))


@functools.cache
def _encoded(asked: str) -> bytes:
    command = [sys.executable, "-m", "tests.camera.encoder", asked]
    return subprocess.run(command, check=True, capture_output=True, timeout=60).stdout


def colour_of(pixels: Pixels) -> str:
    """The known colour that the whole picture has; otherwise what it has instead."""
    for name, wanted in COLOURS.items():
        if np.abs(pixels.astype(int) - wanted).max() < 25:
            return name
    return f"unknown {pixels.reshape(-1, 3).mean(axis=0).round()}"


class Channel:
    """An HTTP server of streams: each connection gets the next of its films, at its own speed, and then the
    wire is cut, or hangs. It lives in threads, as a camera lives elsewhere."""

    def __init__(self, films: Sequence[bytes], *, hang: bool = False, secured: bool = False) -> None:
        self._films, self._hang, self._secured = list(films), hang, secured
        self._over = threading.Event()
        self.connections = 0
        self.refused = 0

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[str]:
        channel = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                with contextlib.suppress(OSError):
                    channel._serve(self)

            def log_message(self, *args: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = False
        serving = threading.Thread(target=server.serve_forever, args=(0.02,))
        serving.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/live.ts"
        finally:
            self._over.set()
            await asyncio.to_thread(server.shutdown)
            await asyncio.to_thread(server.server_close)
            serving.join()

    def _serve(self, handler: BaseHTTPRequestHandler) -> None:
        handler.close_connection = True
        if self._secured and "authorization" not in handler.headers:
            self.refused += 1
            handler.send_response(401)
            handler.send_header("WWW-Authenticate", 'Basic realm="x"')
            handler.send_header("Content-Length", "0")
            handler.end_headers()
            return
        number, self.connections = self.connections, self.connections + 1
        data = self._films[min(number, len(self._films) - 1)]
        handler.send_response(200)
        handler.end_headers()
        for begin in range(0, len(data), 4096):
            handler.wfile.write(data[begin : begin + 4096])
            if self._over.wait(0.01):
                return
        if self._hang:
            self._over.wait(60)


def written(folder: Path, data: bytes, name: str = "film.ts") -> Path:
    """The film as a file."""
    path = folder / name
    path.write_bytes(data)
    return path
