"""``patchline approve``: parts that are good, told to the page's API, and what became of it."""

import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workers.cli.options import AsJson, Line

if TYPE_CHECKING:
    import httpx

_REQUEST_SECONDS = 30.0
_ASK_EVERY = 0.3


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog="Example: patchline approve line1 part-007.png --why 'reflection, not a scratch'")(
        approve
    )


def approve(
    line: Line,
    frame_ids: Annotated[
        list[str], typer.Argument(metavar="FRAME_ID...", help="Frame ids, or frame_uids as verdicts carry.")
    ],
    why: Annotated[str, typer.Option(metavar="TEXT", help="Why, for the line's history.")] = "",
    wait: Annotated[
        float, typer.Option(metavar="SECONDS", min=0, help="How long to wait for the new bank; 0 does not.")
    ] = 120.0,
    url: Annotated[
        str | None, typer.Option(metavar="URL", help="The page; by default PATCHLINE_WEB__PUBLIC_URL.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Approve parts as good: the line's bank learns them, and the command waits until it is in force."""
    from workers.cli.installation import command_settings
    from workers.cli.progress import spinner

    page = (url or command_settings().web.public_url).rstrip("/")
    with _client(page) as client:
        accepted = _ask(client, "POST", f"/v1/lines/{line}/approvals", {"frames": frame_ids, "why": why})
        command = str(accepted["command_id"])
        state: dict[str, Any] = {"command_id": command, "line": line, "status": "pending"}
        if wait:
            with spinner(f"Teaching {line}"):
                state = _await(client, command, state, wait)
    _tell(state, page, wait, as_json=as_json)


def _client(page: str) -> "httpx.Client":
    import httpx

    # A proxy of the environment is for the world outside, not for a page on this machine.
    return httpx.Client(base_url=page, timeout=_REQUEST_SECONDS, trust_env=page.startswith("https:"))


def _ask(client: "httpx.Client", method: str, path: str, body: Any = None) -> Any:
    """The answer's JSON. Raises ``Failed`` when the page does not answer, ``Refused`` when it refuses."""
    import httpx

    from workers.cli.failures import Failed

    try:
        response = client.request(method, path, json=body)
    except (httpx.TransportError, httpx.InvalidURL) as error:
        raise Failed(
            f"the page {client.base_url} does not answer ({error}): start it with `patchline run web`, "
            "or give --url"
        ) from error
    return _answer(client, response)


def _answer(client: "httpx.Client", response: "httpx.Response") -> Any:
    from workers.cli.failures import Failed, Refused

    try:
        said = response.json()
    except ValueError:
        said = None
    if not isinstance(said, dict) or not said.keys() & {"command_id", "detail"}:
        raise Failed(f"{client.base_url} does not answer as the page does: check --url")
    if response.is_success:
        return said
    detail = str(said.get("detail") or response.reason_phrase)
    raise (Refused if response.is_client_error else Failed)(detail)


def _await(client: "httpx.Client", command: str, state: dict[str, Any], wait: float) -> dict[str, Any]:
    deadline = time.monotonic() + wait
    while state["status"] == "pending" and time.monotonic() < deadline:
        time.sleep(min(_ASK_EVERY, max(deadline - time.monotonic(), 0)))
        state = _ask(client, "GET", f"/v1/commands/{command}")
    return state


def _tell(state: dict[str, Any], page: str, wait: float, *, as_json: bool) -> None:
    from workers.cli.failures import Failed, Refused
    from workers.cli.screen import answers, print_json

    if as_json:
        print_json(state)
    status, address = state["status"], f"{page}/v1/commands/{state['command_id']}"
    if status == "refused":
        raise Refused(str(state.get("sentence") or "the approval was refused"))
    if status == "pending" and wait:
        raise Failed(
            f"the approval is still pending after {wait:g} s: see {address}, and that the rebuilder runs"
        )
    if not as_json:
        said = str(state["sentence"]) if status == "done" else f"asked for; see {address}"
        answers().print(said, markup=False, soft_wrap=True)
