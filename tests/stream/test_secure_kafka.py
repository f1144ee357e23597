"""Apache Kafka with TLS, client certificates and SCRAM: who is known comes in, and nobody else."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas.topics import TOPICS, TopicKind
from service.settings import KafkaSettings, SettingsError
from service.stream.base import Record, StreamError
from service.stream.kafka_broker import KafkaBroker
from service.stream.kafka_security import security_options
from tests.harness.certificates import Authority
from tests.harness.kafka import KafkaCluster, Security
from tests.harness.topics import specs

USER, PASSWORD = "patchline", "correct-horse"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def bootstrap(authority: Authority) -> Iterator[str]:
    security = Security(authority.together("broker"), authority.ca, USER, PASSWORD)
    with KafkaCluster(security=security) as cluster:
        yield cluster.secure_bootstrap


def known(authority: Authority, bootstrap: str, prefix: str, password: str = PASSWORD) -> KafkaSettings:
    """Settings of somebody whom the broker knows."""
    secret = authority.folder / f"{password[:4]}.password"
    secret.write_text(f"{password}\n")
    certificate, key = authority.sign("client")
    return KafkaSettings(
        bootstrap=bootstrap,
        topic_prefix=prefix,
        partitions=1,
        security_protocol="SASL_SSL",
        ca_file=authority.ca,
        client_cert_file=certificate,
        client_key_file=key,
        sasl_user=USER,
        sasl_password_file=secret,
        session_timeout_ms=6_000,
        start_seconds=15,
    )


@pytest.mark.kafka
async def test_a_member_that_is_known_writes_reads_and_commits(
    authority: Authority, bootstrap: str, prefix: str
) -> None:
    broker = KafkaBroker(known(authority, bootstrap, prefix))
    topic = TOPICS[TopicKind.ALERTS].name(prefix)
    await broker.create_topics(specs(prefix, TopicKind.ALERTS), partitions=1, replication=1)
    await (await broker.producer()).send(topic, key=b"line1", value=b"told")
    member = await broker.join(topic, f"{prefix}group")
    records = list[Record]()
    while not records:
        records = list(await member.poll(timeout_ms=500, max_records=10))
    assert [record.value for record in records] == [b"told"]
    assert await member.commit({0: 1}, generation=member.generation)
    assert await broker.committed(topic, f"{prefix}group") == {0: 1}
    assert await broker.topic_differences(specs(prefix, TopicKind.ALERTS)) == []
    await broker.close()


@pytest.mark.kafka
async def test_a_wrong_password_is_told_at_once_and_not_repeated(
    authority: Authority, bootstrap: str, prefix: str
) -> None:
    broker = KafkaBroker(known(authority, bootstrap, prefix, "hunter2"))
    with pytest.raises(StreamError, match="SASL_USER") as caught:
        await broker.producer()
    assert "hunter2" not in str(caught.value)
    await broker.close()


@pytest.mark.kafka
async def test_a_broker_whose_authority_is_not_trusted_is_refused_by_name(
    authority: Authority, bootstrap: str, prefix: str, tmp_path: Path
) -> None:
    stranger = Authority(tmp_path)
    settings = known(authority, bootstrap, prefix).model_copy(update={"ca_file": stranger.ca})
    broker = KafkaBroker(settings)
    with pytest.raises(StreamError, match="PATCHLINE_KAFKA__CA_FILE"):
        await broker.producer()
    await broker.close()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"security_protocol": "SASL_SSL"}, "SASL_USER"),
        ({"security_protocol": "SSL", "ca_file": Path("/nowhere")}, "CA_FILE /nowhere cannot be used"),
        ({"ca_file": Path("/nowhere")}, "SECURITY_PROTOCOL"),
        ({"security_protocol": "SASL_PLAINTEXT", "sasl_mechanism": "PLAIN"}, "in the clear"),
        (
            {"security_protocol": "SASL_SSL", "sasl_user": "a", "sasl_password_file": Path("/nowhere")},
            "SASL_PASSWORD_FILE",
        ),
    ],
)
def test_settings_that_cannot_be_are_refused_by_name(wrong: dict[str, object], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        security_options(KafkaSettings.model_validate(wrong))
