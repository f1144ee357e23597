"""``python -m tests.benches [NAME ...]``: run the benches and write docs/performance.md.

Nothing is written into anybody's data: each bench has a broker, a store and a cache of its own, or topics
with a prefix of their own.
"""

import argparse
import importlib.metadata
import json
import os
import subprocess
import sys
from contextlib import ExitStack
from datetime import UTC, datetime

from tests.benches.catalogue import BENCHES, Bench
from tests.benches.table import Row, read_rows, write_table
from tests.harness.kafka import KafkaCluster
from tests.harness.kafka_libs import missing_tool

_LIBRARIES = ("torch", "faiss-cpu", "openvino", "numpy", "opencv-python-headless", "aiokafka")


def main(arguments: list[str]) -> int:
    """0 when every bench that was asked for was measured."""
    parser = argparse.ArgumentParser(prog="python -m tests.benches", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(bench.name for bench in BENCHES))
    asked = parser.parse_args(arguments).names
    if unknown := set(asked) - {bench.name for bench in BENCHES}:
        parser.error(f"there is no bench {min(unknown)}")
    rows, complete = read_rows(), True
    with ExitStack() as stack:
        bootstrap = _kafka(stack, [bench for bench in BENCHES if not asked or bench.name in asked])
        for bench in BENCHES:
            if not asked or bench.name in asked:
                rows[bench.name] = row = _measured(bench, bootstrap)
                complete &= "figures" in row
                write_table(rows)
                sys.stdout.write(json.dumps({bench.name: row}) + "\n")
    return 0 if complete else 1


def _kafka(stack: ExitStack, chosen: list[Bench]) -> str | None:
    """Apache Kafka where java and mvn are there and a bench needs a broker, else None: the embedded one."""
    if not any(bench.needs_kafka for bench in chosen):
        return None
    if (missing := missing_tool()) is not None:
        sys.stderr.write(f"no Apache Kafka ({missing}): the embedded broker instead\n")
        return None
    return stack.enter_context(KafkaCluster()).bootstrap


def _measured(bench: Bench, bootstrap: str | None) -> Row:
    environment = dict(os.environ)
    if bench.needs_kafka and bootstrap is not None:
        environment["PATCHLINE_KAFKA__BOOTSTRAP"] = bootstrap
    command = [sys.executable, "-m", "workers", "bench", *bench.arguments, "--json"]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    row: Row = {
        "date": datetime.now(UTC).date().isoformat(),
        "load": f"{os.getloadavg()[0]:.0f} on {os.cpu_count()} cores",
        "versions": _versions(),
    }
    if ended.returncode:
        sentence = (ended.stderr.strip().splitlines() or ["no reason given"])[-1]
        return row | {"left_out": f"left out, exit code {ended.returncode}: {sentence}"}
    return row | {"figures": json.loads(ended.stdout)}


def _versions() -> dict[str, str]:
    found = {}
    for name in _LIBRARIES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
