"""One installation for all cases: two taught lines on Apache Kafka, no program running."""

from collections.abc import Iterator

import pytest

from tests.extraction.lines import taught
from tests.faults.ground import Ground
from tests.faults.load import LINES
from tests.harness.topics import unique_prefix
from tests.system.installation import Installation, installed


@pytest.fixture(scope="session")
def fault_installation(
    kafka_bootstrap: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """Banks are in force on both lines."""
    folder = tmp_path_factory.mktemp("faults")
    with installed(folder, kafka_bootstrap, unique_prefix()) as made:
        Ground(made, "setup").put_in_force(*(taught(line) for line in LINES))
        yield made


@pytest.fixture
def ground(fault_installation: Installation, request: pytest.FixtureRequest) -> Ground:
    """The installation under the case's own name."""
    return Ground(fault_installation, str(request.node.path.stem).removeprefix("test_"))
