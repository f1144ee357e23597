"""Case 1: inspectors are killed (SIGKILL) before and after every kind of effect, under load."""

from random import Random

from tests.faults.doomed_inspector import WHERE
from tests.faults.figures import Figure, tell
from tests.faults.form import LAW, SESSION_SECONDS, percentile, times
from tests.faults.ground import Ground

pytestmark = LAW
BOUND = SESSION_SECONDS + 10


def dooms(count: int, seed: int = 1) -> list[str]:
    """Where to die: every place before any place comes again."""
    rng = Random(seed)
    places = [f"{effect}:{moment}" for effect in WHERE for moment in ("before", "after")]
    every = [place for _ in range(count // len(places) + 1) for place in rng.sample(places, len(places))]
    return [f"{place}:{rng.randint(2, 6)}" for place in every[:count]]


def test_an_inspector_killed_at_any_effect_loses_and_doubles_nothing(ground: Ground) -> None:
    kills, recoveries = times(short=3, long=100), []
    with ground.inspector() as survivor, ground.load(), ground.commits() as commits:
        survivor.ready()
        for doom in dooms(kills):
            with ground.inspector("tests.faults.doomed_inspector", DOOM=doom) as doomed:
                died = doomed.died()
            recoveries.append(commits.recovery(died))
        went_back = not commits.never_went_back()
        survived = survivor.running
        report = ground.account()
    assert survived
    assert not went_back
    p95 = percentile(recoveries, 0.95)
    figure = (
        f"clean over {report['accepted']} frames; recovery p95 {p95:.1f} s, longest {max(recoveries):.1f} s; "
        f"{report['superseded']} superseded verdicts, {report['alerts_repeated']} alerts repeated"
    )
    tell(Figure(1, "kill", kills, figure, f"recovery p95 <= {BOUND:g} s", p95 <= BOUND))
