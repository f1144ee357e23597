"""A consumer group in memory: members share partitions, and every change revokes all before it assigns."""

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from service.stream.memory_member import MemoryMember


class MemoryGroup:
    """One group on one topic, as Kafka's eager protocol has it."""

    def __init__(self, partitions: int) -> None:
        self._partitions = partitions
        self._members: list[MemoryMember] = []
        self._changing = asyncio.Lock()
        self.committed: dict[int, int] = {}

    def has(self, member: "MemoryMember") -> bool:
        """Whether the group still counts this member as one of its own."""
        return member in self._members

    async def join(self, member: "MemoryMember") -> None:
        """Take a member in, and share the partitions anew."""
        async with self._changing:
            await self._revoke()
            self._members.append(member)
            await self._assign()

    async def leave(self, member: "MemoryMember") -> None:
        """Let a member go, and share its partitions among the others."""
        async with self._changing:
            if member in self._members:
                self._members.remove(member)
                await self._revoke()
                await self._assign()

    async def _revoke(self) -> None:
        await asyncio.gather(*(member.revoked() for member in self._members))

    async def _assign(self) -> None:
        shares: dict[int, set[int]] = {index: set() for index in range(len(self._members))}
        for partition in range(self._partitions if shares else 0):
            shares[partition % len(shares)].add(partition)
        await asyncio.gather(
            *(member.assigned(frozenset(shares[index])) for index, member in enumerate(self._members))
        )
