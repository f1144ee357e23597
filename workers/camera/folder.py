"""A folder that another program fills with pictures, seen as a camera."""

from dataclasses import dataclass
from pathlib import Path

from workers.camera.files import pictures_in

State = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Sighting:
    """A picture that is complete: its size and time of change stood still between two looks."""

    path: Path
    size: int
    changed_ns: int


class WatchedFolder:
    """Gives each complete picture once, by name; a file that is written again is a new picture. Nothing in
    the folder is changed. Not safe for two threads at once."""

    def __init__(self, folder: Path, *, skip_present: bool = False) -> None:
        """``skip_present`` leaves out what is complete in the folder now. Raises ``ValueError`` for what
        is no folder. Blocks for a listing."""
        self.folder = folder
        present = self._states()
        self._seen: dict[Path, State] = {}
        self._given: dict[Path, State] = dict(present) if skip_present else {}

    def look(self) -> list[Sighting]:
        """The pictures that are complete now and were not given before. A file that grows, or appeared
        since the last look, waits for the next. Raises ``ValueError`` as for a folder that is gone."""
        now = self._states()
        ready = [p for p, state in now.items() if state == self._seen.get(p) != self._given.get(p)]
        self._seen = now
        # What was removed is forgotten, so that a folder that is emptied each day costs no memory.
        self._given = {path: state for path, state in self._given.items() if path in now}
        self._given.update((path, now[path]) for path in ready)
        return [Sighting(path, *now[path]) for path in ready]

    def _states(self) -> dict[Path, State]:
        states = {}
        for path in pictures_in(self.folder):
            try:
                found = path.stat()
            except OSError:
                continue  # It was removed after the listing.
            # Programs that write in place create the file first: an empty one is not yet a picture.
            if found.st_size:
                states[path] = (found.st_size, found.st_mtime_ns)
        return states
