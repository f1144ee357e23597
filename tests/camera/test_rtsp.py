"""A real RTSP server (GStreamer's), with a user: taken away and brought back."""

import asyncio
import signal
import subprocess
from pathlib import Path

import pytest

from service.embedded.server import free_port
from tests.camera.films import colour_of
from tests.harness import processes
from tests.harness.processes import Program
from workers.camera.address import source_address
from workers.camera.grabber import Grabber
from workers.camera.reading import ReadCamera
from workers.camera.source import Captured, SourceFault

SERVER = Path(processes.__file__).parent / "rtsp_server.py"
PYTHON = "/usr/bin/python3"
ASKED = (
    "import gi; gi.require_version('GstRtspServer', '1.0'); from gi.repository import Gst, GstRtspServer; "
)
ASKED += "Gst.init(None); assert Gst.ElementFactory.find('x264enc')"


def _missing() -> bool:
    try:
        return (
            subprocess.run([PYTHON, "-c", ASKED], capture_output=True, timeout=20, check=False).returncode
            != 0
        )
    except (OSError, subprocess.TimeoutExpired):
        return True


@pytest.fixture(scope="module")
def gstreamer() -> None:
    if _missing():
        pytest.skip(
            "no RTSP server: install python3-gi, gir1.2-gst-rtsp-server-1.0 and gstreamer1.0-plugins-ugly"
        )


@pytest.mark.usefixtures("gstreamer")
async def test_a_real_rtsp_server_is_watched_over_its_end_and_return() -> None:
    port = free_port()
    server = Program([PYTHON, str(SERVER), str(port), "me", "s3cret"])
    address = source_address(f"rtsp://127.0.0.1:{port}/main", "me", "s3cret")
    await asyncio.to_thread(server.start)
    try:
        await asyncio.to_thread(server.wait_for_line, "serving")
        wrong = source_address(f"rtsp://127.0.0.1:{port}/main", "me", "guess")
        with pytest.raises(SourceFault) as caught:
            await asyncio.to_thread(lambda: next(ReadCamera(wrong, 5).pictures()))
        assert "guess" not in str(caught.value)
        grabber = Grabber(lambda: ReadCamera(address, 3), address.told, 3)
        seen = await _some(grabber, None, 10)
        await asyncio.to_thread(server.signal, signal.SIGKILL)
        await asyncio.to_thread(server.stop)
        async with asyncio.timeout(30):
            while grabber.fault() is None:
                await asyncio.sleep(0.05)
        assert "s3cret" not in str(grabber.fault())
        await asyncio.to_thread(server.start)
        again = await _some(grabber, seen[-1], 10)
        grabber.close()
    finally:
        await asyncio.to_thread(server.stop)
    assert {colour_of(captured.pixels) for captured in seen + again} == {"red"}
    assert grabber.reconnects >= 1


async def _some(grabber: Grabber, after: Captured | None, wanted: int) -> list[Captured]:
    found = list[Captured]()
    async with asyncio.timeout(40):
        while len(found) < wanted:
            after = await grabber.next(after)
            assert after is not None
            found.append(after)
    return found
