"""Write docs/attacks.md; with ``--outcomes`` tell, as JSON, what becomes of each image."""

import json
import sys
from pathlib import Path

from service.images.decode import decode
from service.images.unreadable import UnreadableImage
from tests.attacks.images import ATTACKS, Attack

PAGE = Path(__file__).parent.parent.parent / "docs" / "attacks.md"
HEAD = """# Attacks

What was tried against Patchline, and what stops each. `tests/attacks` has the bytes and holds this table: \
every attack is decoded in a process that may take 256 MiB more, and must end as it says here. \
`python -m tests.attacks` writes this page.

Limits before anything is allocated: a message's bytes (`PATCHLINE_INSPECTOR__MAX_INLINE_BYTES`, \
`..._MAX_REFERENCE_BYTES`), the header's pixels (`..._MAX_PIXELS`), and what is in flight \
(`..._MAX_IN_FLIGHT_PIXELS`). Past them: the worker's memory (`PATCHLINE_ENGINE__MEMORY_BYTES`) and its time \
(`..._SCORE_TIMEOUT_SECONDS`), in a process that holds neither a connection nor a secret.

EXIF is never read: the pixels are judged as the camera stored them, and boxes lie in the frame's own \
coordinates. A camera that turns its pictures by EXIF alone must turn the pixels instead.

## Images

| attack | wants | ends as | what stops it |
|---|---|---|---|
"""
ELSEWHERE = """
Ten thousand damaged pictures are tried by `make faults CASE=13`, five hundred by `make test` \
(`tests/images/test_fuzz.py`).

## Everything else

| attack | what stops it | held by |
|---|---|---|
"""
OTHERS = (
    (
        "a frame that kills the worker, also with its inspector",
        "three tries of its own, counted in Redis, then set aside",
        ("tests/faults/test_14_poison.py",),
    ),
    (
        "nothing but bad input on one line",
        "a breaker of that line alone",
        ("tests/faults/test_15_bad_line.py",),
    ),
    (
        "a bank with code in it, or memory past its end",
        "safetensors with bounds; never pickle, never an index from elsewhere",
        ("tests/banks/test_bank_file.py",),
    ),
    (
        "a bank or a command by somebody else",
        "Ed25519 signatures, once keys are set",
        ("tests/signing/test_banks.py", "tests/signing/test_commands.py"),
    ),
    (
        "a reference out of the store, ids that climb",
        "keys are checked step by step, ids are refused and never repaired",
        ("tests/schemas/test_messages.py", "tests/store/test_object_store.py"),
    ),
    (
        "an approved defect that blinds the line",
        "canaries, gates, a second person",
        ("tests/rebuilder/test_gates.py",),
    ),
    ("hostile HTTP", "[faults.md](faults.md), case 24", ("tests/web/test_guard.py",)),
    ("a spoilt backup", "hashes, before anything is written", ("tests/backup/test_backup.py",)),
)


def outcome(attack: Attack) -> str:
    """What becomes of it: a reason, or ``read``."""
    try:
        decode(attack.data())
    except UnreadableImage as error:
        return error.reason.value
    return "read"


def page() -> str:
    """The page's text."""
    others = (
        f"| {name} | {stop} | {', '.join(f'`{test}`' for test in tests)} |\n" for name, stop, tests in OTHERS
    )
    return HEAD + "".join(_row(attack) for attack in ATTACKS) + ELSEWHERE + "".join(others)


def _row(attack: Attack) -> str:
    ends = f"`{attack.reason.value}`" if attack.reason else "read, harmless"
    return f"| {attack.name} | {attack.wish} | {ends} | {attack.stop} |\n"


if __name__ == "__main__":
    if "--outcomes" in sys.argv:
        sys.stdout.write(json.dumps({attack.name: outcome(attack) for attack in ATTACKS}))
    else:
        PAGE.write_text(page())
