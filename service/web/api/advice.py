"""Advice before a training: what a number of good parts is enough for."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict

from service.accounts.roles import Role
from service.training.advice import Standing, advice
from service.web.access.least import require
from service.web.context import Context

MOST = 1_000_000
Parts = Annotated[int, Query(ge=0, le=MOST, description="different good parts at hand")]
Alpha = Annotated[float, Query(gt=0, lt=1, description="the false-alarm rate that is wished for")]


class PartsAdvice(BaseModel):
    """``alpha`` is the false-alarm rate that so many can promise, None where they make no bank; ``aim`` how
    many to take next, at least, None when more are not needed."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "standing": "start",
                    "sentence": "50 good parts: enough to begin, while each further part still tells more.",
                    "alpha": 0.0196,
                    "aim": 99,
                }
            ]
        }
    )

    standing: Standing
    sentence: str
    alpha: float | None
    aim: int | None


def router(context: Context) -> APIRouter:
    """The route."""
    routes = APIRouter(tags=["trainings"], dependencies=[require(Role.ENGINEER)])

    @routes.get("/advice", summary="What so many good parts can do")
    async def told(parts: Parts, alpha: Alpha = 0.01) -> PartsAdvice:
        given = advice(parts, alpha)
        return PartsAdvice(standing=given.standing, sentence=given.sentence, alpha=given.alpha, aim=given.aim)

    return routes
