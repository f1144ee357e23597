"""Case 10: banks that are put in force and are none, and chunks of the cache that were changed."""

from pathlib import Path

import numpy as np
import redis
from safetensors.numpy import load, save

from service.banks.refusal import Refusal
from service.training.built import BuiltBank
from tests.extraction.lines import taught
from tests.faults.figures import Figure, tell
from tests.faults.form import LAW
from tests.faults.ground import Ground

pytestmark = LAW


def not_finite(built: BuiltBank) -> bytes:
    arrays = load(built.data)
    arrays["vectors"] = arrays["vectors"].copy()
    arrays["vectors"][0, 0] = np.nan
    return save(arrays, metadata={"manifest": built.manifest.canonical()})


def test_a_bad_bank_is_refused_with_its_reason_and_the_old_one_serves_on(ground: Ground) -> None:
    good = taught("north")
    bad = {
        Refusal.UNREADABLE: good.data[: len(good.data) // 2],
        Refusal.OTHER_LINE: taught("south").data,
        Refusal.NOT_FINITE: not_finite(good),
    }
    with ground.inspector() as inspector, ground.load():
        inspector.ready()
        refused = set()
        for reason, data in bad.items():
            refused.add(ground.activate("north", data, good.thresholds).version)
            inspector.wait_for_line(reason.sentence, 60)
            inspector.wait_for_metric(1, "patchline_bank_stale", line="north")
        ground.put_in_force(good)
        inspector.wait_for_metric(0, "patchline_bank_stale", line="north")
        report = ground.account()
    judged = {v["bank_version"] for v in ground.verdicts() if v["line"] == "north"}
    assert not judged & refused
    figure = f"{len(bad)} refused with the right reason, {report['accepted']} frames judged by good banks"
    tell(Figure(10, "bad-banks", 1, figure))


def test_chunks_that_were_evicted_flipped_or_cut_are_passed_over_and_mended(
    ground: Ground, tmp_path: Path
) -> None:
    cache = redis.Redis.from_url(ground.installation.cache.url)
    for line, parts in (("north", 22), ("south", 22)):
        ground.put_in_force(taught(line, parts))
    for number, spoil in enumerate((None, lambda data: data[:100], lambda d: bytes([d[0] ^ 1]) + d[1:])):
        keys = cache.keys("patchline:bank:*")
        assert keys
        for key in keys:
            if spoil is None:
                cache.delete(key)
            elif cache.type(key) == b"string":
                cache.set(key, spoil(cache.get(key)))
        with ground.inspector(PATCHLINE_STORE__CACHE_DIR=str(tmp_path / str(number))) as inspector:
            inspector.ready()
            ground.load().send(8)
            ground.account()
            assert inspector.metric("patchline_bank_stale", line="north") in (None, 0)
    cache.close()
    tell(Figure(10, "bad-chunks", 3, "evicted, cut, flipped: loaded from the object store each time"))
