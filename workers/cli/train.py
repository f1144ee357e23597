"""``patchline train``: from a folder of good parts to a bank, in a file or on the line."""

import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from workers.cli.interest_options import MaskPath, Roi, interest_of
from workers.cli.options import AsJson, Line, line_id
from workers.cli.recipe_options import BudgetMs, RecipeChoice, RecipeName, RecipeSettings, recipe_within
from workers.cli.suspects import ExcludeSuspects, PartsTable, SuspectsFolder, show_suspects, with_ids
from workers.cli.trained import Trained, tell_trained

if TYPE_CHECKING:
    from collections.abc import Sequence

    from schemas.activation import Activated
    from service.images.interest import Interest
    from service.patchcore import Recipe
    from service.settings import Settings
    from service.training.built import BuiltBank
    from service.training.part import GoodPart
    from service.training.suspects import Screened
    from service.training.taught import TaughtParts
    from service.training.thresholds import Rates

_STEPS = {"extract": "Looking at the parts", "select": "Choosing vectors"}
_REVIEW_BAND = 5.0


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog="Example: patchline train line1 --good photos/good --publish")(train)


def train(
    line: Line,
    good: Annotated[Path, typer.Option(metavar="DIR", help="A folder of photos of good parts; better 50.")],
    model: Annotated[
        str, typer.Option(metavar="NAME", help="The product in view.", parser=line_id)
    ] = "default",
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the bank to a file.")] = None,
    publish: Annotated[
        bool, typer.Option("--publish", metavar="", help="Put the bank in force on the line.")
    ] = False,
    false_alarm_rate: Annotated[
        float, typer.Option(metavar="RATE", help="The share of good parts that may raise an alarm.")
    ] = 0.01,
    why: Annotated[str, typer.Option(metavar="TEXT", help="Why, for the line's history.")] = "",
    recipe: RecipeName = None,
    option: RecipeSettings = None,
    budget_ms: BudgetMs = None,
    roi: Roi = None,
    mask: MaskPath = None,
    suspects: SuspectsFolder = None,
    exclude_suspects: ExcludeSuspects = False,
    table: PartsTable = None,
    as_json: AsJson = False,
) -> None:
    """Make a bank from good parts alone, write it to a file, publish it, or both.

    Nothing is written or published when the parts make no bank.
    """
    from workers.cli.installation import command_settings

    if out is None and not publish:
        raise typer.BadParameter("the bank would go nowhere: give --out FILE, --publish, or both")
    rates = _rates(false_alarm_rate)
    choice = RecipeChoice.of(recipe, option, budget_ms)
    wanted = choice.recipe()
    interest = interest_of(roi, mask)
    settings = command_settings()
    began = time.monotonic()
    _refuse_unwritable(out)
    if publish:
        asyncio.run(_require_installation(settings))
    parts, notes = _read(good, table)
    fitted = recipe_within(choice, wanted, settings, [part.form for part in parts])
    screened = _screened(settings, parts, fitted, interest)
    show_suspects(screened, suspects, exclude=exclude_suspects, quiet=as_json)
    taught = screened.kept() if exclude_suspects else screened.taught
    built = _build(line, model, taught, rates)
    if out is not None:
        _write(out, built.data)
    activated = asyncio.run(_publish(settings, built, taught.parts, why)) if publish else None
    seconds = time.monotonic() - began
    tell_trained(Trained(built, screened, exclude_suspects, notes, out, activated, seconds), as_json=as_json)


def _rates(alpha: float) -> "Rates":
    from service.training.thresholds import Rates

    return Rates(alpha, max(alpha, min(0.5, _REVIEW_BAND * alpha)))


def _refuse_unwritable(out: Path | None) -> None:
    """Said before minutes of work, not after them."""
    from workers.cli.failures import Refused

    if out is None:
        return
    if out.is_dir():
        raise Refused(f"{out} is a folder: name a file for the bank")
    if not out.absolute().parent.is_dir():
        raise Refused(f"{out.parent} is no folder to write {out.name} into: create it first")


async def _require_installation(settings: "Settings") -> None:
    from service.runtime.start import require_topics
    from service.signing.signatures import open_signatures
    from service.signing.statement import KeyUse
    from service.store import open_store
    from workers.cli.installation import connected
    from workers.cli.progress import spinner

    open_signatures(settings.signing, KeyUse.BANKS)
    async with connected(settings) as broker:
        with spinner(f"Asking the broker {settings.kafka.bootstrap}"):
            await require_topics(broker, settings.kafka.topic_prefix)
            await open_store(settings.store).ping()


def _read(good: Path, table: Path | None) -> "tuple[list[GoodPart], list[str]]":
    from service.training.folder import read_parts
    from workers.cli.progress import spinner
    from workers.cli.screen import note

    notes: list[str] = []
    with spinner(f"Reading {good}"):
        parts = with_ids(read_parts(good, notes.append), table)
    for sentence in notes:
        note(f"note: {sentence}")
    return parts, notes


def _screened(
    settings: "Settings", parts: "list[GoodPart]", recipe: "Recipe", interest: "Interest"
) -> "Screened":
    from service.training.suspects import Screened
    from service.training.taught import TaughtParts
    from workers.cli.device import ready_backbone
    from workers.cli.progress import progress_bars, spinner

    backbone = ready_backbone(settings, recipe)
    with progress_bars(_STEPS) as tell:
        taught = TaughtParts.of(parts, recipe, backbone, tell, interest)
    with spinner("Screening the parts"):
        return Screened.of(taught)


def _build(line: str, model: str, taught: "TaughtParts", rates: "Rates") -> "BuiltBank":
    from service.training.build import build_taught
    from workers.cli.progress import progress_bars

    with progress_bars(_STEPS) as tell:
        return build_taught(line, model, taught, tell, rates=rates)


def _write(out: Path, data: bytes) -> None:
    from service.store.whole_file import whole_file
    from workers.cli.failures import Failed

    try:
        with whole_file(out.absolute()) as file:
            file.write(data)
        out.chmod(0o644)
    except OSError as error:
        raise Failed(f"the bank cannot be written to {out} ({error.strerror}): name another file") from error


async def _publish(
    settings: "Settings", built: "BuiltBank", parts: "Sequence[GoodPart]", why: str
) -> "Activated":
    from service.banks.activation_writer import Lost
    from service.banks.redis_cache import RedisCache
    from service.signing.signatures import open_signatures
    from service.signing.statement import KeyUse
    from service.store import open_store
    from service.training.publish import open_outlets, publish_bank
    from workers.cli.failures import Failed
    from workers.cli.installation import connected
    from workers.cli.person import actor
    from workers.cli.progress import spinner

    store, prefix = open_store(settings.store), settings.kafka.topic_prefix
    signatures = open_signatures(settings.signing, KeyUse.BANKS)
    cache = RedisCache.open(settings.redis)
    try:
        async with (
            connected(settings) as broker,
            open_outlets(broker, store, cache, prefix, signatures) as outlets,
        ):
            with spinner("Publishing"):
                frames = {part.sha256: part.data for part in parts}
                result = await publish_bank(outlets, built, frames, actor=actor(), why=why)
    finally:
        await cache.close()
    if isinstance(result, Lost):
        line = built.manifest.line
        raise Failed(f"{line} was given epoch {result.winner.epoch} by another meanwhile: train it again")
    return result
