"""Whether topics are kept as their specs demand: the same sentences for every backend."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from schemas.topics import FOREVER, TopicKind, TopicSpec


@dataclass(frozen=True)
class TopicState:
    """What a broker says of a topic. A configuration that it does not tell is not complained of;
    ``replication`` is that of the partition with the fewest replicas, 0 where it is not told."""

    partitions: int
    config: Mapping[str, str] = field(default_factory=dict)
    replication: int = 0


def complaints(specs: Mapping[str, TopicSpec], states: Mapping[str, TopicState]) -> Sequence[str]:
    """One sentence for each topic of ``specs`` that is missing in ``states`` or kept otherwise."""
    found = [
        _complaint(name, spec, states.get(name)) for name, spec in sorted(specs.items(), key=lambda s: s[0])
    ]
    return [sentence for sentence in (*found, _unequal(specs, states)) if sentence is not None]


def _complaint(name: str, spec: TopicSpec, state: TopicState | None) -> str | None:
    if state is None:
        return f"topic {name} is missing: create it, or let us with create_topics"
    if spec.partitions is not None and state.partitions != spec.partitions:
        return f"topic {name} has {state.partitions} partitions, not {spec.partitions}: create it anew"
    policy = state.config.get("cleanup.policy", "delete")
    if policy != "delete":
        return f"topic {name} is kept by cleanup.policy={policy} and loses records: set it to delete"
    if spec.retention_ms == FOREVER:
        return _forgetful(name, state.config)
    return None


def _forgetful(name: str, config: Mapping[str, str]) -> str | None:
    for setting in ("retention.ms", "retention.bytes"):
        kept = config.get(setting, "-1")
        if kept != "-1":
            return f"topic {name} forgets after {setting}={kept} and must keep all: set it to -1"
    return None


def _unequal(specs: Mapping[str, TopicSpec], states: Mapping[str, TopicState]) -> str | None:
    """A verdict goes to the partition with its frame's number, so both topics need the same count."""
    counts = {spec.kind: (name, states[name].partitions) for name, spec in specs.items() if name in states}
    if TopicKind.FRAMES not in counts or TopicKind.VERDICTS not in counts:
        return None
    (frames, wanted), (verdicts, present) = counts[TopicKind.FRAMES], counts[TopicKind.VERDICTS]
    if wanted == present:
        return None
    return (
        f"topic {verdicts} has {present} partitions and {frames} has {wanted}: "
        "give both the same number, for a verdict lies in its frame's partition"
    )
