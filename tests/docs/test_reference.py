"""The pages agree with the code: what they are made from, what they name, and where they lead."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from prometheus_client.metrics import MetricWrapperBase

from schemas.reasons import CommandKind, DeadLetterReason, FaultReason, LineEventKind, VerdictKind, Worded
from service.settings import PREFIX, setting_names
from service.telemetry import metrics
from workers.reference import NOT_BUILT, PAGE, described, main, reference, setting_paths

ROOT = Path(__file__).parent.parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
CODE = [
    path
    for folder in ("service", "workers")
    for path in (ROOT / folder).rglob("*.py")
    if path != ROOT / "workers" / "reference.py"
]
_NAMED = re.compile(r"`((?:docs|schemas|service|tests|workers)/[^`\s]*)`")
_VARIABLE = re.compile(rf"\b{PREFIX}[A-Z]+__[A-Z_]+")
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_ROW = re.compile(r"^\| `([a-z-]+)` \| ([^|]+) \|", re.MULTILINE)
_LAYOUT = re.compile(r"^( *)(\w+)/ ", re.MULTILINE)

every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def test_the_checked_in_reference_is_what_the_code_says() -> None:
    assert main(["--check"]) == 0


def test_a_page_that_is_missing_or_edited_is_out_of_date(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "reference.md"
    assert main(["--check"], page) == 1
    assert main([], page) == 0
    assert main(["--check"], page) == 0
    page.write_text(reference() + "edited")
    assert main(["--check"], page) == 1
    assert "python -m workers.reference" in capsys.readouterr().err


def test_every_setting_is_on_the_page_with_its_meaning() -> None:
    assert all(described(path) in PAGE.read_text() for path in setting_paths())
    assert all(name in PAGE.read_text() for name in setting_names())


def test_what_is_marked_as_not_built_is_said_by_no_program_and_the_rest_is() -> None:
    kinds = (VerdictKind, FaultReason, DeadLetterReason, CommandKind, LineEventKind)
    assert {word for kind in kinds for word in kind if not _said(word)} == NOT_BUILT


def test_every_declared_metric_is_set_by_some_program() -> None:
    code = "\n".join(path.read_text() for path in CODE if path.name != "metrics.py")
    declared = [(name, made) for name, made in vars(metrics).items() if isinstance(made, MetricWrapperBase)]
    assert {_family(made) for name, made in declared if not re.search(rf"\b{name}\b", code)} == set()


def test_bad_input_has_a_row_for_every_word_with_its_own_sentence() -> None:
    rows = dict(_ROW.findall((ROOT / "docs" / "promises.md").read_text()))
    assert rows == {word.value: word.sentence for kind in (DeadLetterReason, FaultReason) for word in kind}


def test_the_layout_names_every_package_and_no_other() -> None:
    block = (ROOT / "docs" / "design.md").read_text().split("## 2. Layout")[1].split("```")[1]
    top = ""
    named = set()
    for indent, name in _LAYOUT.findall(block):
        top = name if not indent else top
        named.add(name if not indent else f"{top}/{name}")
    wanted = {f"{init.parent.parent.name}/{init.parent.name}" for init in ROOT.glob("*/*/__init__.py")}
    wanted = {name for name in wanted if name.split("/")[0] in ("service", "workers")}
    assert named == wanted | {"schemas", "service", "workers", "compose", "tests"}


@every_page
def test_every_file_and_test_that_a_page_names_exists(page: Path) -> None:
    missing = [name for name in _NAMED.findall(page.read_text()) if not _exists(name)]
    assert missing == []


@every_page
def test_every_setting_that_a_page_names_exists(page: Path) -> None:
    assert set(_VARIABLE.findall(page.read_text())) <= set(setting_names())


@every_page
def test_every_relative_link_of_a_page_resolves(page: Path) -> None:
    links = [link for link in _LINK.findall(page.read_text()) if not link.startswith(("http:", "https:"))]
    assert [link for link in links if not _leads_somewhere(page, link)] == []


def _said(word: Worded) -> bool:
    if isinstance(word, CommandKind):
        rebuilder = (ROOT / "workers" / "rebuilder").glob("*.py")
        return any(re.search(rf"\b{word.value}\b", path.read_text()) for path in rebuilder)
    # The page knows what to do with a shed frame; who makes one writes the word in the inspector.
    places = [path for path in CODE if word is not VerdictKind.DROPPED or "inspector" in path.parts]
    member = f"{type(word).__name__}.{word.name}"
    return any(member in path.read_text() for path in places)


def _family(made: MetricWrapperBase) -> str:
    (family,) = made.describe()
    return family.name


def _exists(name: str) -> bool:
    path, _, test = name.partition("::")
    file = ROOT / path
    return file.exists() and (not test or test in _functions(file))


@cache
def _functions(file: Path) -> frozenset[str]:
    tree = ast.parse(file.read_text())
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(node.name for node in tree.body if isinstance(node, kinds))


def _leads_somewhere(page: Path, link: str) -> bool:
    path, _, anchor = link.partition("#")
    target = page.parent / path if path else page
    return target.exists() and (not anchor or anchor in _anchors(target))


def _anchors(page: Path) -> Iterator[str]:
    """As GitHub makes them from headings."""
    for line in page.read_text().splitlines():
        if line.startswith("#"):
            words = line.lstrip("#").strip().lower()
            yield re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
