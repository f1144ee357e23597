"""Change-over: a PLC or a broker names a model, and the page's API is asked to put it in force."""

import asyncio
from dataclasses import dataclass
from typing import Any

import httpx

from schemas.ids import is_line_id
from service.sinks.config import ChangeOver
from service.sinks.secrets import optional_secret

_ASK_SECONDS = 0.3


@dataclass(frozen=True, slots=True)
class Selected:
    """What became of a choice: ``status`` is done, refused or pending (no result in time)."""

    model: str
    status: str
    sentence: str


class Selector:
    """Gives Activate commands through ``/v1``: roles and signatures are the page's, not the sink's."""

    def __init__(self, config: ChangeOver) -> None:
        """Raises ``SettingsError`` for a token's file that cannot be read. Blocks for it."""
        self._config = config
        token = optional_secret(config.token_file, "the change-over's token_file")
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._client = httpx.AsyncClient(
            base_url=config.api.rstrip("/"), headers=headers, timeout=10.0, trust_env=False
        )

    async def select(self, line: str, model: str) -> Selected:
        """Ask for the model and wait for the result; never raises for what the page or the wire does."""
        if not is_line_id(model):
            return Selected(model[:63], "refused", "a model's name is [a-z0-9][a-z0-9-]{0,62}")
        try:
            async with asyncio.timeout(self._config.seconds):
                return await self._asked(line, model)
        except TimeoutError:
            return Selected(model, "pending", "no result yet: see that the rebuilder runs")
        except (httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError) as error:
            said = f"{self._config.api} does not answer as the page does ({type(error).__name__})"
            return Selected(model, "refused", said)

    async def close(self) -> None:
        """Let go."""
        await self._client.aclose()

    async def _asked(self, line: str, model: str) -> Selected:
        order = {"kind": "Activate", "model": model, "why": "change-over at the line"}
        answer = await self._client.post(f"/v1/lines/{line}/commands", json=order)
        if not answer.is_success:
            return Selected(model, "refused", _detail(answer))
        command_id = str(answer.json()["command_id"])
        while True:
            # The page answers 404 until the command has come back to it.
            state = await self._client.get(f"/v1/commands/{command_id}")
            told: dict[str, Any] = state.json() if state.is_success else {"status": "pending"}
            if told["status"] != "pending":
                return Selected(model, str(told["status"]), str(told.get("sentence") or ""))
            await asyncio.sleep(_ASK_SECONDS)


def _detail(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["detail"])[:500]
    except (ValueError, KeyError, TypeError):
        return f"the page answered {answer.status_code}"
