import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import kubernetes_validate
import pytest
from prometheus_client.metrics import MetricWrapperBase

from schemas.topics import TOPICS, TopicKind
from service.settings import PREFIX, Settings, setting_names
from service.telemetry import metrics
from tests.compose.manifests import FOLDER, OURS, environment, kubernetes, named, services

KUBERNETES = "1.34"
_METRIC = re.compile(r"\bpatchline_[a-z_]+")


@pytest.mark.parametrize("name", OURS)
def test_each_service_of_ours_can_write_nowhere_but_its_volumes_and_has_no_rights(name: str) -> None:
    service = services()[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


def test_no_service_is_run_as_an_image_without_a_version_or_reached_from_another_machine() -> None:
    for service in services().values():
        assert not service["image"].endswith(("latest", ":"))
        assert ":" in service["image"]
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))


def test_every_setting_that_is_set_is_one() -> None:
    known = set(setting_names())
    for name in OURS:
        assert {n for n in environment(services()[name]) if n.startswith(PREFIX)} <= known
    lines = (FOLDER / "kubernetes" / "settings.env").read_text().split()
    assert {line.split("=")[0] for line in lines if line.startswith(PREFIX)} <= known


def test_no_secret_stands_in_a_file_that_is_committed() -> None:
    for service in services().values():
        for name, value in service.get("environment", {}).items():
            assert not re.search("PASSWORD|SECRET|TOKEN", name) or str(value).startswith("/run/secrets/")
    assert (FOLDER / "secrets" / ".gitignore").read_text().splitlines() == ["*", "!.gitignore"]


def test_secrets_are_random_private_and_made_once(tmp_path: Path) -> None:
    folder = tmp_path / "compose"
    (folder / "secrets").mkdir(parents=True)
    script = shutil.copy(FOLDER / "make-secrets.sh", folder)
    subprocess.run([script], check=True, capture_output=True)
    made = (folder / "secrets" / "store.env").read_text()
    stored = json.loads((folder / "secrets" / "s3.json").read_text())["identities"][0]["credentials"][0]
    assert f"AWS_SECRET_ACCESS_KEY={stored['secretKey']}\n" in made
    assert len(stored["secretKey"]) > 30
    assert (folder / "secrets" / "store.env").stat().st_mode & 0o77 == 0
    again = subprocess.run([script], check=False, capture_output=True, text=True)
    assert again.returncode == 2
    assert (folder / "secrets" / "store.env").read_text() == made


def test_the_cache_forgets_what_is_read_least_and_the_broker_takes_our_largest_message() -> None:
    command = services()["valkey"]["command"]
    assert command[command.index("--maxmemory-policy") + 1] == "volatile-lru"
    limit = int(services()["kafka"]["environment"]["KAFKA_MESSAGE_MAX_BYTES"])
    assert limit >= Settings().kafka.max_message_bytes


def test_rules_and_dashboards_ask_for_metrics_that_there_are() -> None:
    files = [FOLDER / "prometheus" / "rules.yml", *(FOLDER / "grafana" / "dashboards").glob("*.json")]
    asked = {name for file in files for name in _METRIC.findall(file.read_text())}
    assert len(asked) > 15
    assert asked <= set(_exposed())


def _exposed() -> Iterator[str]:
    for metric in vars(metrics).values():
        if isinstance(metric, MetricWrapperBase):
            for family in metric.describe():
                yield from (f"{family.name}{end}" for end in ("", "_total", "_bucket", "_sum", "_count"))


def test_every_kubernetes_object_fits_its_schema() -> None:
    checked = 0
    for _, document in kubernetes():
        # Kustomize's and KEDA's own kinds are in no schema of Kubernetes.
        if document["apiVersion"].split("/")[0] not in ("kustomize.config.k8s.io", "keda.sh"):
            kubernetes_validate.validate(document, KUBERNETES, strict=True)
            checked += 1
    assert checked >= 8


def test_the_kustomization_names_every_file_and_no_other() -> None:
    (kustomization,) = [doc for file, doc in kubernetes() if file == "kustomization.yaml"]
    there = {path.name for path in (FOLDER / "kubernetes").glob("*.yaml")} - {"kustomization.yaml"}
    assert set(kustomization["resources"]) == there


def test_inspectors_scale_on_the_lag_of_their_own_group_and_never_past_the_partitions() -> None:
    spec = named("ScaledObject/inspector")["spec"]
    trigger = spec["triggers"][0]["metadata"]
    defaults = Settings()
    assert trigger["consumerGroup"] == defaults.inspector.group
    assert trigger["topic"] == TOPICS[TopicKind.FRAMES].name(defaults.kafka.topic_prefix)
    assert spec["maxReplicaCount"] <= defaults.kafka.partitions
    assert spec["scaleTargetRef"]["name"] == named("Deployment/inspector")["metadata"]["name"]


@pytest.mark.parametrize("name", ["Deployment/inspector", "Deployment/rebuilder", "StatefulSet/page"])
def test_a_pod_has_time_to_drain_probes_and_no_rights(name: str) -> None:
    pod = named(name)["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert pod["terminationGracePeriodSeconds"] > Settings().inspector.drain_seconds
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert {"startupProbe", "livenessProbe", "readinessProbe"} <= set(container)
