"""Where a topic is kept otherwise than the settings say, and how to mend it. Unlike ``topic_check``, which
tells what makes programs refuse to start, this tells what an administrator would want to know."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from schemas.topics import FOREVER, TopicSpec
from service.stream.topic_check import TopicState

# A setting's name, the value that we would give it, and whether what a broker tells will do.
_Setting = tuple[str, str, Callable[[str], bool]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the settings say of every topic."""

    partitions: int
    replication: int
    min_insync_replicas: int
    max_message_bytes: int


@dataclass(frozen=True, slots=True)
class Difference:
    """One setting of one topic. ``mend`` is a command of Apache Kafka's own tools, less its address."""

    topic: str
    setting: str
    has: str
    wanted: str
    mend: str

    @property
    def sentence(self) -> str:
        """For people."""
        return f"topic {self.topic} has {self.setting}={self.has}, not {self.wanted}: {self.mend}"


def differences(
    specs: Mapping[str, TopicSpec], states: Mapping[str, TopicState], wanted: Wanted
) -> Sequence[Difference]:
    """All of them, by topic; of topics that are missing, and of settings that the broker does not tell,
    nothing."""
    return [
        found
        for name, spec in sorted(specs.items(), key=lambda item: item[0])
        if name in states
        for found in _of_topic(name, spec, states[name], wanted)
    ]


def _of_topic(name: str, spec: TopicSpec, state: TopicState, wanted: Wanted) -> Iterator[Difference]:
    partitions = spec.partitions or wanted.partitions
    if state.partitions < partitions:
        alter = f"kafka-topics.sh --alter --topic {name} --partitions {partitions}"
        yield Difference(name, "partitions", str(state.partitions), str(partitions), alter)
    elif state.partitions > partitions:
        # Kafka takes no partition away again.
        remedy = f"set PATCHLINE_KAFKA__PARTITIONS to {state.partitions}, or create it anew"
        yield Difference(name, "partitions", str(state.partitions), str(partitions), remedy)
    if 0 < state.replication < wanted.replication:
        move = f"kafka-reassign-partitions.sh --execute, with {wanted.replication} replicas of each partition"
        yield Difference(name, "replication", str(state.replication), str(wanted.replication), move)
    for setting, value, fits in _configured(spec, wanted):
        told = state.config.get(setting)
        if told is not None and not fits(told):
            alter = f"kafka-configs.sh --alter --topic {name} --add-config {setting}={value}"
            yield Difference(name, setting, told, value, alter)


def _configured(spec: TopicSpec, wanted: Wanted) -> Iterator[_Setting]:
    yield "cleanup.policy", "delete", lambda told: told == "delete"
    yield "retention.ms", str(spec.retention_ms), lambda told: _keeps(told, spec.retention_ms)
    if spec.retention_ms == FOREVER:
        yield "retention.bytes", "-1", lambda told: told == "-1"
    size, replicas = wanted.max_message_bytes, wanted.min_insync_replicas
    yield "max.message.bytes", str(size), lambda told: int(told) >= size
    yield "min.insync.replicas", str(replicas), lambda told: int(told) >= replicas


def _keeps(told: str, retention_ms: int) -> bool:
    """Longer than we ask for is an administrator's choice."""
    if told == str(FOREVER):
        return True
    return retention_ms != FOREVER and int(told) >= retention_ms
