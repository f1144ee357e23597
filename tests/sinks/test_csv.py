"""The file: whole rows, rotated, and no cell that a spreadsheet would carry out."""

import csv
from pathlib import Path

from schemas.report import Report
from service.sinks.config import CsvConfig
from service.sinks.csv_file import COLUMNS, CsvSink, rotated
from tests.sinks.reports import report, verdict


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


async def opened(path: Path, **config: int) -> CsvSink:
    made = CsvSink(CsvConfig(kind="csv", path=path, **config))
    await made.open()
    return made


async def test_a_row_says_what_the_report_says(tmp_path: Path) -> None:
    sink = await opened(tmp_path / "new folder" / "a.csv")
    await sink.deliver(report(3))
    await sink.close()
    (row,) = rows(tmp_path / "new folder" / "a.csv")
    assert tuple(row) == COLUMNS
    assert (row["part_id"], row["good"], row["verdict"]) == ("part-3", "true", "ok")


async def test_a_row_that_was_cut_off_is_removed_when_the_file_is_opened_again(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    sink = await opened(path)
    for number in range(3):
        await sink.deliver(report(number))
    await sink.close()
    path.write_bytes(path.read_bytes()[:-10])
    sink = await opened(path)
    await sink.deliver(report(2))
    await sink.close()
    assert [row["frame_id"] for row in rows(path)] == ["frame-0", "frame-1", "frame-2"]


async def test_a_full_file_makes_way_and_the_oldest_goes(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    sink = await opened(path, max_bytes=1_000, keep=2)
    for number in range(40):
        await sink.deliver(report(number))
    await sink.close()
    older = list(rotated(path))
    assert len(older) == 2
    kept = [row["frame_id"] for each in [*older, path] for row in rows(each)]
    assert kept == [f"frame-{number}" for number in range(40 - len(kept), 40)]
    assert all(each.stat().st_size <= 1_000 for each in [*older, path])


async def test_a_hostile_part_id_is_text_in_one_line(tmp_path: Path) -> None:
    sink = await opened(tmp_path / "a.csv")
    await sink.deliver(Report.of_verdict(verdict(1, part_id='=HYPERLINK("http://x")\n2,3')))
    await sink.close()
    (row,) = rows(tmp_path / "a.csv")
    assert row["part_id"] == """'=HYPERLINK("http://x") 2,3"""
