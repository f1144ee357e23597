"""Approvals: names of frames become a command that the rebuilder can carry out without the page."""

from collections.abc import Sequence

from schemas.command import ApproveGood
from service.web.command_log import CommandLog
from service.web.frame_names import FrameNames
from service.web.shapes import Accepted


class Approvals:
    """Writes ``ApproveGood`` commands. All frames of a request are good for it, or nothing is written."""

    def __init__(self, names: FrameNames, log: CommandLog) -> None:
        self._names, self._log = names, log

    async def approve(
        self, line: str, names: Sequence[str], why: str, actor: str, *, audit: bool = False
    ) -> Accepted:
        """Ask in a person's name that these frames join the line's bank; ``audit`` says that they were drawn
        at random from all that the line saw, so that their scores may calibrate. Raises ``Problem``: 404 for
        frames that are not known, 409 for those that cannot become parts, 503 when the broker does not
        acknowledge."""
        frames = await self._names.usable(line, names)
        return await self._log.write(
            ApproveGood(frames=frames, audit=audit, **self._log.stamp(line, why, actor))
        )
