"""The commands of every line, each line's in their order, several lines at once."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence

from schemas.command import ApproveGood
from workers.rebuilder.job import Job

LINES_AT_ONCE = 8
# One build of more frames would keep its approvals waiting for the slowest of them.
FRAMES_TOGETHER = 64
CarryOut = Callable[[str, Sequence[Job]], Awaitable[None]]


class Lines:
    """One task a line that has commands. ``finished`` is told of each job after its result is written."""

    def __init__(self, carry_out: CarryOut, finished: Callable[[Job], None]) -> None:
        self._carry_out, self._finished = carry_out, finished
        self._queues: dict[str, deque[Job]] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._slots = asyncio.Semaphore(LINES_AT_ONCE)

    @property
    def waiting(self) -> int:
        """How many jobs are not yet begun."""
        return sum(map(len, self._queues.values()))

    def put(self, job: Job) -> None:
        """Queue a job behind the others of its line."""
        line = job.command.line
        self._queues.setdefault(line, deque()).append(job)
        if line not in self._tasks:
            self._tasks[line] = asyncio.create_task(self._work(line), name=f"commands of {line}")

    def forget(self) -> None:
        """Drop what is not yet begun: after a rebalance it is given out again."""
        for queue in self._queues.values():
            queue.clear()

    def raise_failure(self) -> None:
        """Raise what ended a line's task, if something did."""
        for task in [task for task in self._tasks.values() if task.done()]:
            task.result()

    async def close(self, seconds: float) -> None:
        """Let what is begun end by itself for so long, then cancel it."""
        self.forget()
        tasks = list(self._tasks.values())
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=seconds)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _work(self, line: str) -> None:
        queue = self._queues[line]
        while queue:
            async with self._slots:
                jobs = _together(queue)
                if jobs:
                    await self._carry_out(line, jobs)
            for job in jobs:
                self._finished(job)
        del self._tasks[line], self._queues[line]


def _together(queue: deque[Job]) -> list[Job]:
    """The first job; when it is an approval, with the approvals right behind it."""
    jobs: list[Job] = []
    frames = 0
    while queue:
        command = queue[0].command
        approval = isinstance(command, ApproveGood)
        frames += len(command.frames) if isinstance(command, ApproveGood) else 0
        if jobs and (not approval or frames > FRAMES_TOGETHER):
            break
        jobs.append(queue.popleft())
        if not approval:
            break
    return jobs
