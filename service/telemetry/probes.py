"""The probes of a program: /livez without I/O, /readyz, /metrics; on loopback unless told otherwise."""

import contextlib
from collections.abc import AsyncIterator, Callable

import uvicorn
from fastapi import FastAPI, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from service.runtime.background_server import BackgroundServer
from service.settings import TelemetrySettings
from service.telemetry.loop_lag import watched_loop

Readiness = Callable[[], str | None]


def probes_app(not_ready_because: Readiness) -> FastAPI:
    """The application. ``not_ready_because`` gives None when ready, else a sentence; it must not block."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)

    @app.get("/livez")
    async def livez() -> Response:
        return Response("alive\n", media_type="text/plain")

    @app.get("/readyz")
    async def readyz() -> Response:
        reason = not_ready_because()
        return Response(f"{reason or 'ready'}\n", status_code=503 if reason else 200, media_type="text/plain")

    @app.get("/metrics")
    async def metrics() -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return app


@contextlib.asynccontextmanager
async def serve_probes(settings: TelemetrySettings, not_ready_because: Readiness) -> AsyncIterator[int]:
    """Serve the probes, and measure the loop, while the block runs; yields the port. Raises ``OSError`` when
    it is taken."""
    config = uvicorn.Config(
        probes_app(not_ready_because),
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
    )
    async with watched_loop(), BackgroundServer(config) as server:
        yield server.port
