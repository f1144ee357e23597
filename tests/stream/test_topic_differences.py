"""What `topics check` says of topics that are kept otherwise than the settings say."""

from schemas.topics import TOPICS, TopicKind, TopicSpec
from service.stream.topic_check import TopicState
from service.stream.topic_differences import Wanted, differences

WANTED = Wanted(partitions=8, replication=3, min_insync_replicas=2, max_message_bytes=9_000_000)
RIGHT = {
    "cleanup.policy": "delete",
    "retention.ms": str(TOPICS[TopicKind.FRAMES].retention_ms),
    "retention.bytes": "-1",
    "max.message.bytes": "9000000",
    "min.insync.replicas": "2",
}
FRAMES: dict[str, TopicSpec] = {"frames": TOPICS[TopicKind.FRAMES]}


def told(spec: dict[str, TopicSpec], partitions: int, replication: int, **config: str) -> dict[str, str]:
    """The settings that differ, and how each is mended."""
    changed = {name.replace("_", "."): value for name, value in config.items()}
    states = {name: TopicState(partitions, {**RIGHT, **changed}, replication) for name in spec}
    return {each.setting: each.mend for each in differences(spec, states, WANTED)}


def test_a_topic_as_it_must_be_differs_in_nothing() -> None:
    assert told(FRAMES, 8, 3) == {}
    assert told(FRAMES, 8, 3, retention_ms="-1", max_message_bytes="20000000", min_insync_replicas="3") == {}


def test_each_setting_that_is_worse_is_told_with_a_command_that_mends_it() -> None:
    found = told(
        FRAMES,
        4,
        1,
        cleanup_policy="compact",
        retention_ms="60000",
        max_message_bytes="1048588",
        min_insync_replicas="1",
    )
    assert "--partitions 8" in found["partitions"]
    assert "reassign" in found["replication"]
    for setting in ("cleanup.policy=delete", "max.message.bytes=9000000", "min.insync.replicas=2"):
        assert found[setting.partition("=")[0]].endswith(f"--topic frames --add-config {setting}")
    assert set(found) == {"partitions", "replication", *RIGHT} - {"retention.bytes"}


def test_partitions_are_never_taken_away() -> None:
    assert "PATCHLINE_KAFKA__PARTITIONS to 16" in told(FRAMES, 16, 3)["partitions"]


def test_a_topic_that_must_keep_all_is_limited_neither_in_time_nor_in_bytes() -> None:
    banks = {"banks": TOPICS[TopicKind.BANKS]}
    assert set(told(banks, 1, 3, retention_ms="1000", retention_bytes="5")) == {
        "retention.ms",
        "retention.bytes",
    }
    assert told(banks, 1, 3, retention_ms="-1") == {}


def test_what_the_broker_does_not_tell_is_not_complained_of() -> None:
    assert differences(FRAMES, {"frames": TopicState(8)}, WANTED) == []
    assert differences(FRAMES, {}, WANTED) == []
