"""All of /v1 in one router."""

from fastapi import APIRouter

from service.web.api import (
    advice,
    alerts,
    answers,
    audit,
    bank,
    canaries,
    commands,
    dead_letters,
    epochs,
    events,
    frames,
    lines,
    maintenance,
    password,
    pictures,
    session,
    system,
    thresholds,
    tokens,
    trainings,
    trials,
    users,
    verdicts,
)
from service.web.context import Context

PROBLEMS: dict[int | str, dict[str, object]] = {
    status: {"description": sentence, "content": {"application/problem+json": {}}}
    for status, sentence in (
        (401, "Nobody is logged in, and no valid token was sent."),
        (403, "The role does not allow it, or the request comes from elsewhere."),
        (404, "Nothing of that name is known."),
        (409, "Something else stands against it, which the detail names."),
        (413, "The body is larger than the limit that the detail names."),
        (415, "The body is of another kind than this route takes."),
        (422, "The request breaks a rule that the detail names."),
        (503, "The broker or the object store does not answer."),
    )
}


def api_router(context: Context) -> APIRouter:
    """The routes, working with the context."""
    router = APIRouter(prefix="/v1", responses=PROBLEMS)
    for part in (
        lines,
        verdicts,
        frames,
        events,
        commands,
        dead_letters,
        epochs,
        bank,
        thresholds,
        canaries,
        maintenance,
        session,
        password,
        users,
        tokens,
        audit,
        answers,
        alerts,
        advice,
        pictures,
        trainings,
        trials,
        system,
    ):
        router.include_router(part.router(context))
    return router
