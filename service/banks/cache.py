"""The port to the shared cache of banks. It may lose everything at any time: only time is lost."""

from typing import Protocol

from schemas.ids import sha256_hex


class BankCache(Protocol):
    """Bank files by line and version, between the host's files and the object store. No method raises
    for a cache that is full, empty, slow or gone, and none answers bytes that the version does not name."""

    @property
    def available(self) -> bool:
        """Whether the last conversation went well; True before the first."""
        ...

    async def get(self, line: str, version: str, size: int) -> bytes | None:
        """The file, or None when it cannot be had from here. Waits at most a timeout for each chunk."""
        ...

    async def put(self, line: str, version: str, data: bytes) -> None:
        """Keep the file for the others, as well as can be. Waits at most a timeout for each chunk."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


class NoCache:
    """Nothing between the host's files and the object store: for a program that reads banks now and then."""

    @property
    def available(self) -> bool:
        return False

    async def get(self, line: str, version: str, size: int) -> bytes | None:
        return None

    async def put(self, line: str, version: str, data: bytes) -> None:
        return

    async def close(self) -> None:
        return


class MemoryCache:
    """A cache inside this process: for the demo without Redis, and for tests."""

    def __init__(self) -> None:
        self.files: dict[tuple[str, str], bytes] = {}

    @property
    def available(self) -> bool:
        return True

    async def get(self, line: str, version: str, size: int) -> bytes | None:
        data = self.files.get((line, version))
        if data is not None and (len(data) != size or sha256_hex(data) != version):
            del self.files[(line, version)]
            return None
        return data

    async def put(self, line: str, version: str, data: bytes) -> None:
        self.files[(line, version)] = data

    async def close(self) -> None:
        self.files.clear()
