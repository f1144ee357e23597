"""The signal to stop, as an event of the loop."""

import asyncio
import signal


def stop_event() -> asyncio.Event:
    """Set once SIGTERM or SIGINT arrives; call it inside the running loop."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return stop
