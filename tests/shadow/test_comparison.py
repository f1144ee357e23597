"""Two models on the same stored frames: what differs is told frame by frame, what is missing is counted."""

from schemas.activation import Thresholds
from schemas.ids import frame_uid, sha256_hex
from schemas.reasons import VerdictKind
from schemas.verdict import Source, Verdict
from service.images.decode import ImageLimits
from service.inspection.extractor import PatchExtractor
from service.inspection.line_model import LineModel
from service.settings import StoreSettings
from service.shadow.comparison import Comparison, compare
from service.store import ObjectStore, open_store
from service.store.keys import frame_key
from service.training.build import build_bank
from service.training.built import BuiltBank
from tests.shadow.test_newest import NOON
from tests.training.parts import QUICK, QuickNetwork, drawn, good_parts

LIMITS = ImageLimits(max_bytes=2**20)


def built(count: int) -> BuiltBank:
    return build_bank("line1", "default", good_parts(count), QUICK, QuickNetwork())


def model(bank: BuiltBank, thresholds: Thresholds | None = None) -> LineModel:
    extractor = PatchExtractor(QuickNetwork(), bank.manifest.recipe, bank.manifest.contract)
    return LineModel(bank.memory_bank, thresholds or bank.thresholds, extractor)


async def frame(store: ObjectStore, name: str, data: bytes | None) -> Verdict:
    digest = sha256_hex(data or b"")
    uid = frame_uid("line1", name, digest)
    if data is not None:
        await store.put(frame_key("line1", uid), data)
    return Verdict(
        frame_uid=uid,
        line="line1",
        frame_id=name,
        frame_sha256=digest,
        verdict=VerdictKind.OK,
        source=Source(partition=0, offset=0, timestamp_ms=0),
        inspected_at=NOON,
    )


async def held(before: LineModel, after: LineModel, *pictures: bytes | None) -> Comparison:
    store = open_store(StoreSettings(url="memory://"))
    frames = [await frame(store, f"f-{n}", data) for n, data in enumerate(pictures)]
    told: list[tuple[int, int]] = []
    result = await compare(frames, before, after, store, LIMITS, lambda d, n: told.append((d, n)))
    assert told[-1] == (len(pictures), len(pictures))
    return result


async def test_a_model_never_differs_from_itself() -> None:
    bank = built(12)
    pictures = [drawn(seed) for seed in range(20, 38)] + [drawn(40, "spot")]
    result = await held(model(bank), model(bank), *pictures)
    assert (len(result.compared), result.flips, result.flipped) == (19, {}, [])
    assert all(each.before == each.after for each in result.compared)


async def test_a_looser_threshold_flips_exactly_the_frames_between_the_two() -> None:
    bank = built(12)
    pictures = [drawn(seed) for seed in range(20, 30)]
    scores = sorted(
        each.before.score or 0.0 for each in (await held(model(bank), model(bank), *pictures)).compared
    )
    strict = bank.thresholds.model_copy(update={"review_score": scores[3], "defect_score": scores[6]})
    loose = bank.thresholds.model_copy(update={"review_score": scores[5], "defect_score": scores[6]})
    result = await held(model(bank, strict), model(bank, loose), *pictures)
    assert result.flips == {("review", "ok"): 2}
    assert sorted(each.before.score or 0.0 for each in result.flipped) == scores[4:6]


async def test_what_cannot_be_judged_is_counted_and_what_does_not_fit_is_a_fault() -> None:
    bank = built(12)
    grey = drawn(20, colour=False)
    result = await held(model(bank), model(bank), drawn(20), None, b"\xff\xd8 no picture", grey)
    assert (result.missing, result.unreadable) == (1, 1)
    assert [each.before.verdict for each in result.compared] == [result.compared[0].before.verdict, "fault"]
    assert result.compared[1].before.score is None
