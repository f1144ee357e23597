"""What the API says when it cannot do what was asked: RFC 9457 problems, one sentence each, no internals."""

from http import HTTPStatus

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse

MEDIA_TYPE = "application/problem+json"
UNFORESEEN = "the page failed to answer: try again, and see its log if it fails again"


class Problem(Exception):
    """Refuses a request. ``detail`` names the thing, the reason and the remedy; ``more`` are members of
    the answer beside the standard ones; ``retry_after``, in seconds, is a header too."""

    def __init__(self, status: int, detail: str, **more: object) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.more = more


def problem_of(request: Request, error: Exception) -> Problem:
    """What to say of an error. What we did not foresee goes to the log; the caller is spared it."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, HTTPException):
        path = request.url.path[:200]
        return Problem(error.status_code, f"{request.method} {path} is refused: {error.detail}")
    if isinstance(error, RequestValidationError):
        return _invalid(error)
    return Problem(500, UNFORESEEN)


def problem_response(problem: Problem) -> JSONResponse:
    """A problem as a response."""
    title = HTTPStatus(problem.status).phrase
    body = {"type": "about:blank", "title": title, "status": problem.status, "detail": problem.detail}
    after = problem.more.get("retry_after")
    headers = None if after is None else {"Retry-After": str(after)}
    return JSONResponse({**body, **problem.more}, problem.status, headers=headers, media_type=MEDIA_TYPE)


def _invalid(error: RequestValidationError) -> Problem:
    first = error.errors()[0]
    place = " ".join(str(step) for step in first["loc"])[:200]
    return Problem(422, f"{place} is refused: {first['msg']}; see /openapi.json for what is allowed")
