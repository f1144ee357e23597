"""``python -m workers.web``."""

import asyncio
import sys

import structlog

from service.settings import SettingsError, load_settings
from service.store import StoreError
from service.stream.base import StreamError
from service.telemetry.logs import configure_logs
from workers.web.program import serve


def main() -> int:
    """Serve the page as the environment says; 0 after a clean stop, 1 when it cannot begin."""
    try:
        settings = load_settings()
        configure_logs(settings.telemetry, "web")
        return asyncio.run(serve(settings))
    except (SettingsError, StreamError, StoreError, OSError) as error:
        structlog.get_logger().error("the page cannot run", reason=str(error))
        return 1


if __name__ == "__main__":
    sys.exit(main())
