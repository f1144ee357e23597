"""A page that carries out commands: the part of the API that change-over needs."""

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from service.embedded.server import free_port
from service.runtime.background_server import BackgroundServer


class Page:
    """Knows one model, ``blue``, and one token."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.asked: list[tuple[str, str]] = []

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator["Page"]:
        app = FastAPI()
        models: dict[str, str] = {}

        @app.post("/v1/lines/{line}/commands")
        async def order(line: str, request: Request) -> Any:
            if request.headers.get("authorization") != "Bearer let-me":
                return JSONResponse({"detail": "a token is needed"}, 401)
            body = await request.json()
            self.asked.append((line, body["model"]))
            models["id"] = body["model"]
            return JSONResponse({"command_id": "id"}, 202)

        @app.get("/v1/commands/{command_id}")
        async def state(command_id: str) -> Any:
            known = models[command_id] == "blue"
            return {
                "status": "done" if known else "refused",
                "sentence": "in force" if known else "no such model",
            }

        config = uvicorn.Config(app, port=self.port, log_config=None, access_log=False)
        async with BackgroundServer(config):
            yield self
