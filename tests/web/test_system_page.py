"""The system page: how far each line is behind; the audit for engineers alone, walked to its end."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest

from schemas.topics import TOPICS, TopicKind
from schemas.verdict import Source
from service.accounts.roles import Role
from service.web.page import Page
from tests.web.conftest import client_of, ready_page
from tests.web.plant import BEGAN, Plant
from tests.web.staff import Staff

HTML = {"Accept": "text/html"}
OLDER = re.compile(r'href="(/system\?[^"]*before=[^"]+)#audit"')
HOSTILE = "<b>=1+1</b>"


@pytest.fixture
async def eva(staff: Staff, page: Page) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an engineer who opens pages."""
    async with client_of(page) as made:
        made.headers.update({**HTML, **staff.bearer(Role.ENGINEER)})
        yield made


def rows(html: str) -> list[str]:
    """The rows of the audit as the page shows them, without markup."""
    table = html.partition('id="audit-rows"')[2].partition("</table>")[0].partition("<tbody>")[2]
    return [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in table.split("</tr>")[:-1]]


async def test_the_audit_is_shown_to_engineers_alone(staff: Staff, page: Page) -> None:
    async with client_of(page) as client:
        for role in Role:
            shown = await client.get("/system", headers={**HTML, **staff.bearer(role)})
            assert shown.status_code == 200
            assert ('id="audit"' in shown.text) is (role is Role.ENGINEER)
            assert ('href="/v1/audit.csv"' in shown.text) is (role is Role.ENGINEER)
            assert ("user added" in shown.text) is (role is Role.ENGINEER)


async def test_the_audit_is_filtered_walked_to_its_end_and_never_markup(
    staff: Staff, eva: httpx.AsyncClient
) -> None:
    for number in range(30):
        staff.accounts.log_in(f"{HOSTILE}{number}", "wrong", f"10.0.0.{number}")
    first = (await eva.get("/system?actor=&action=log-in-failed")).text
    assert HOSTILE not in first
    assert 'href="/v1/audit.csv?action=log-in-failed"' in first
    link = OLDER.search(first)
    assert link is not None
    second = (await eva.get(link[1].replace("&amp;", "&"))).text
    assert OLDER.search(second) is None
    told = [*rows(first), *rows(second)]
    assert len(told) == 30
    assert "29" in told[0]
    assert "10.0.0.0" in told[-1]
    assert all("log in failed" in row for row in told)
    assert rows((await eva.get("/system?actor=nobody")).text) == ["No such row."]


async def test_a_cursor_or_action_that_is_none_is_refused(eva: httpx.AsyncClient) -> None:
    assert (await eva.get("/system?before=x")).status_code == 422
    assert (await eva.get("/system?action=other")).status_code == 422


async def test_without_users_the_audit_says_when_it_begins(client: httpx.AsyncClient) -> None:
    assert rows((await client.get("/system", headers=HTML)).text) == [
        "Nothing yet: it begins with the first user."
    ]


async def test_what_waits_is_told_by_line_and_a_shared_partition_counts_for_each(plant: Plant) -> None:
    prefix, group = plant.settings.kafka.topic_prefix, plant.settings.inspector.group
    frames = TOPICS[TopicKind.FRAMES].name(prefix)
    producer = await plant.broker.producer()
    for number in (0, 0, 0, 0, 1, 1):
        await producer.send(frames, key=b"a", value=b"frame", partition=number)
    member = await plant.broker.join(frames, group)
    assert await member.commit({0: 1, 1: 2}, generation=member.generation)
    arrived = int(BEGAN.timestamp() * 1000)
    for line, partition in (("a", 0), ("a", 1), ("b", 0), ("c", 1)):
        source = Source(partition=partition, offset=0, timestamp_ms=arrived)
        await plant.judge(line, source=source, inspected_at=BEGAN + timedelta(seconds=12 + partition))
    async with ready_page(plant) as page, client_of(page) as client:
        told = (await client.get("/v1/system")).json()
        html = (await client.get("/system", headers=HTML)).text
    assert [(one["lag"], one["lines"]) for one in told["partitions"]] == [(3, ["a", "b"]), (0, ["a", "c"])]
    assert told["lines"] == [
        {"line": "a", "partitions": [0, 1], "waiting": 3, "behind_ms": 13_000},
        {"line": "b", "partitions": [0], "waiting": 3, "behind_ms": 12_000},
        {"line": "c", "partitions": [1], "waiting": 0, "behind_ms": 13_000},
    ]
    shown = html.partition('id="line-lag"')[2].partition("</table>")[0]
    assert shown.index('id="lag-of-a"') < shown.index('id="lag-of-b"') < shown.index('id="lag-of-c"')
    assert "12 s" in shown
