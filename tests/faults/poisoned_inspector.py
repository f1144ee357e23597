"""An inspector whose extraction workers can be killed by a frame: it starts ``poisoned_extraction``. With
INSPECTOR_DIES set it dies with the first of them, as one whose machine went down."""

import asyncio
import os
import sys
from typing import Any

from service.settings import load_settings
from service.telemetry.logs import configure_logs
from workers.inspector.program import run_inspector

_start = asyncio.create_subprocess_exec


async def start_poisoned(*command: str, **options: Any) -> asyncio.subprocess.Process:
    """Start the poisoned worker where a worker was asked for."""
    exchanged = ["tests.faults.poisoned_extraction" if a == "workers.extraction" else a for a in command]
    if os.environ.get("INSPECTOR_DIES"):
        os.environ["DIES_WITH"] = str(os.getpid())
    return await _start(*exchanged, **options)


if __name__ == "__main__":
    vars(asyncio)["create_subprocess_exec"] = start_poisoned
    settings = load_settings()
    configure_logs(settings.telemetry, "inspector")
    sys.exit(asyncio.run(run_inspector(settings)))
