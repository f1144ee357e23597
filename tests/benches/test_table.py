"""The laws of the page that `make bench` writes."""

from pathlib import Path

from tests.benches.catalogue import BENCHES
from tests.benches.table import BEGIN, END, read_rows, write_table

SWAP = {
    "swaps": 2,
    "lost": 0,
    "doubled": 0,
    "mixed": 0,
    "p99_with_ms": 9.0,
    "p99_without_ms": 8.0,
    "rss_first_mb": 1.0,
    "rss_last_mb": 1.0,
}


def test_a_page_keeps_its_words_and_has_a_line_for_every_bench(tmp_path: Path) -> None:
    page = tmp_path / "performance.md"
    page.write_text(f"before\n{BEGIN}old\n{END}after\n")
    stamp = {"date": "2026-11-26", "load": "1 on 2 cores"}
    write_table(
        {"swap": stamp | {"figures": SWAP}, "grow": stamp | {"left_out": "left out: no room"}}, tmp_path
    )
    told = page.read_text()
    assert told.startswith("before\n")
    assert told.endswith("after\n")
    assert "old" not in told
    assert all(bench.what in told for bench in BENCHES)
    assert "0 lost" in told
    assert "left out: no room" in told
    assert told.count("not measured") == len(BENCHES) - 2
    write_table(read_rows(tmp_path), tmp_path)
    assert page.read_text() == told
