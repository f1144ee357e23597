import re

from service.report.document import Case, Figure, Gallery, Report, Section, Table
from service.report.page import page_of
from tests.report.verdicts import NOON

EVIL = '<script>alert("x")</script>'


def _report() -> Report:
    section = Section(
        EVIL,
        sentences=[EVIL],
        tables=[Table((EVIL,), [(EVIL,)])],
        figures=[Figure("<svg></svg>", EVIL)],
        galleries=[Gallery(EVIL, [Case(EVIL, EVIL, b"\x89PNG")], ""), Gallery("none", [], "Nothing here.")],
    )
    return Report(EVIL, [EVIL], [section], NOON, EVIL, [(EVIL, EVIL)])


def test_no_name_that_others_chose_becomes_markup() -> None:
    page = page_of(_report())
    assert "<script" not in page
    assert page.count("&lt;script&gt;") > 10


def test_the_file_asks_for_nothing_outside_of_it_and_forbids_it() -> None:
    page = page_of(_report())
    assert not re.search(r"(src|href)=\"(?!data:)", page)
    assert "default-src 'none'" in page
    assert 'src="data:image/png;base64,iVBORw=="' in page


def test_an_empty_gallery_says_so() -> None:
    assert "Nothing here." in page_of(_report())
