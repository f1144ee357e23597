"""A page that answers as each test wants it."""

import json
from http.server import BaseHTTPRequestHandler
from typing import Any, ClassVar


class Page(BaseHTTPRequestHandler):
    """Answers as the page's API does, as each test wants it."""

    answers: ClassVar[dict[str, tuple[int, dict[str, Any]]]] = {}
    asked: ClassVar[list[Any]] = []
    tokens: ClassVar[list[str | None]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.tokens.append(self.headers["Authorization"])
        self.asked.append((self.path, json.loads(body)))
        self._answer("POST")

    def do_GET(self) -> None:
        self._answer("GET")

    def _answer(self, method: str) -> None:
        status, body = self.answers[method]
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        """Quiet."""


def state(status: str, sentence: str = "", epoch: int | None = None) -> tuple[int, dict[str, Any]]:
    return 200, {
        "command_id": "c1",
        "line": "line1",
        "status": status,
        "sentence": sentence,
        "epoch": epoch,
        "version": None,
    }
