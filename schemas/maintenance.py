"""A window in which a line is not judged, or is again."""

from pydantic import Field

from schemas.message import Message, Moment


class MaintenanceWindow(Message):
    """From ``start`` on and before ``end`` (absent: for ever), whatever was said of these moments before.
    ``off``: the line is judged again."""

    start: Moment
    end: Moment | None = None
    off: bool = False
    why: str = Field(default="", max_length=1000)
