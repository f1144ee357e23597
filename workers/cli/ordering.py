"""Commands of a line, given through the page's API: asked, waited for, and what became of them."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    import httpx

    from workers.cli.progress import Tell

_REQUEST_SECONDS = 30.0
_ASK_EVERY = 0.3

Why = Annotated[str, typer.Option(metavar="TEXT", help="Why, for the line's history.")]
Wait = Annotated[
    float, typer.Option(metavar="SECONDS", min=0, help="How long to wait for the result; 0 does not.")
]
Page = Annotated[
    str | None, typer.Option("--url", metavar="URL", help="The page; by default PATCHLINE_WEB__PUBLIC_URL.")
]

TokenFile = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", help="A file with a token of yours; by default PATCHLINE_WEB__TOKEN_FILE, else none."
    ),
]


@dataclass(frozen=True, slots=True)
class Asking:
    """How a command is asked for: the page (None: the settings say), the patience, and for whom it is told.
    ``what`` names it in sentences, such as "the rebuild"; ``doing`` is shown while it is waited for."""

    what: str
    doing: str
    url: str | None
    wait: float
    as_json: bool
    token_file: Path | None = None


def order(line: str, body: dict[str, Any], asking: Asking) -> None:
    """Ask something of a line by ``POST /v1/lines/LINE/commands``; see ``ask``."""
    ask(line, "commands", body, asking)


def ask(line: str, path: str, body: dict[str, Any], asking: Asking) -> None:
    """Ask, wait and tell. Raises ``Refused`` where the page or the rebuilder refuses, ``Failed`` where one
    of them does not answer in time."""
    from workers.cli.installation import command_settings

    settings = command_settings().web
    page = (asking.url or settings.public_url).rstrip("/")
    with _client(page, _token(asking.token_file or settings.token_file)) as client:
        accepted = _answer(client, "POST", f"/v1/lines/{line}/{path}", body)
        state = {"command_id": str(accepted["command_id"]), "line": line, "status": "pending"}
        if asking.wait:
            state = _awaited(client, state, asking)
    _tell(state, page, asking)


def look(path: str, url: str | None, token_file: Path | None) -> dict[str, Any]:
    """What the page's API says at a path. Raises ``Refused`` and ``Failed`` as ``ask`` does."""
    from workers.cli.installation import command_settings

    settings = command_settings().web
    page = (url or settings.public_url).rstrip("/")
    with _client(page, _token(token_file or settings.token_file)) as client:
        said: dict[str, Any] = _answer(client, "GET", path)
        return said


def _client(page: str, token: str | None) -> "httpx.Client":
    import httpx

    headers = {"Authorization": f"Bearer {token}"} if token else {}
    # A proxy of the environment is for the world outside, not for a page on this machine.
    outside = page.startswith("https:")
    return httpx.Client(base_url=page, timeout=_REQUEST_SECONDS, trust_env=outside, headers=headers)


def _token(file: Path | None) -> str | None:
    """Never an argument: those stand in the shell's history and in the list of processes."""
    from workers.cli.failures import Refused

    if file is None:
        return None
    text = file.read_text().strip()
    if not text or not text.isascii() or not text.isprintable() or " " in text:
        raise Refused(f"{file} holds no token: make one with `patchline tokens new`")
    return text


def _answer(client: "httpx.Client", method: str, path: str, body: Any = None) -> Any:
    import httpx

    from workers.cli.failures import Failed

    try:
        response = client.request(method, path, json=body)
    except (httpx.TransportError, httpx.InvalidURL) as error:
        raise Failed(
            f"the page {client.base_url} does not answer ({error}): start it with `patchline run web`, "
            "or give --url"
        ) from error
    return _content(client, response)


def _content(client: "httpx.Client", response: "httpx.Response") -> Any:
    from workers.cli.failures import Failed, Refused

    try:
        said = response.json()
    except ValueError:
        said = None
    if not isinstance(said, dict) or not said.keys() & {"command_id", "detail", "line"}:
        raise Failed(f"{client.base_url} does not answer as the page does: check --url")
    if response.is_success:
        return said
    detail = str(said.get("detail") or response.reason_phrase)
    raise (Refused if response.is_client_error else Failed)(detail)


def _awaited(client: "httpx.Client", state: dict[str, Any], asking: Asking) -> dict[str, Any]:
    from workers.cli.progress import progress_bars

    deadline = time.monotonic() + asking.wait
    with progress_bars({"ask": asking.doing}) as tell:
        tell("ask", 0, 100)
        while state["status"] == "pending" and time.monotonic() < deadline:
            time.sleep(min(_ASK_EVERY, max(deadline - time.monotonic(), 0)))
            state = _answer(client, "GET", f"/v1/commands/{state['command_id']}")
            _tell_progress(tell, state, asking.doing)
    return state


def _tell_progress(tell: "Tell", state: dict[str, Any], doing: str) -> None:
    share, sentence = state.get("share_done"), state.get("sentence")
    if state["status"] == "pending" and share is not None:
        tell("ask", round(100 * share), 100, f"{doing}: {sentence}")


def _tell(state: dict[str, Any], page: str, asking: Asking) -> None:
    from workers.cli.failures import Failed, Refused
    from workers.cli.screen import answers, print_json

    if asking.as_json:
        print_json(state)
    status, address = state["status"], f"{page}/v1/commands/{state['command_id']}"
    if status == "refused":
        raise Refused(str(state.get("sentence") or f"{asking.what} was refused"))
    if status == "pending" and asking.wait:
        raise Failed(
            f"{asking.what} is still pending after {asking.wait:g} s: see {address}, and that the rebuilder "
            "runs"
        )
    if not asking.as_json:
        said = str(state["sentence"]) if status == "done" else f"asked for; see {address}"
        answers().print(said, markup=False, soft_wrap=True)
