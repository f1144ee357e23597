"""The webhook: signed, templated, never redirected, and its secrets in no sentence."""

import json
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from schemas.reasons import VerdictKind
from schemas.report import Report
from service.embedded.server import free_port
from service.settings import SettingsError
from service.sinks.base import ReportRefused, SinkUnavailable
from service.sinks.config import WebhookConfig
from service.sinks.signature import HEADER, is_signed
from service.sinks.template import Body
from service.sinks.webhook import REFUSALS, WebhookSink
from tests.sinks.counterparts import Receiver
from tests.sinks.reports import report, verdict


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver(free_port()).serving() as made:
        yield made


async def opened(receiver: Receiver, **config: object) -> WebhookSink:
    url = f"http://127.0.0.1:{receiver.port}/hook"
    made = WebhookSink(WebhookConfig.model_validate({"kind": "webhook", "url": url, **config}))
    await made.open()
    return made


async def test_the_signature_is_over_moment_and_body_and_nobody_else_makes_it(
    receiver: Receiver, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("s3cret\n")
    sink = await opened(receiver, secret_file=str(tmp_path / "secret"))
    await sink.deliver(report(1))
    await sink.close()
    headers, body = receiver.asked[0]
    signed, now = headers[HEADER.lower()], int(time.time())
    assert is_signed("s3cret", signed, body, now)
    assert not is_signed("s3cret", signed, body + b" ", now)
    assert not is_signed("other", signed, body, now)
    assert not is_signed("s3cret", signed, body, now + 1000)
    assert not is_signed("s3cret", "v1=00", body, now)


@pytest.mark.parametrize("status", sorted(REFUSALS))
async def test_what_the_receiver_has_read_and_refuses_is_not_worth_another_try(
    receiver: Receiver, status: int
) -> None:
    sink = await opened(receiver)
    receiver.script = [status]
    with pytest.raises(ReportRefused, match=f"answered {status}"):
        await sink.deliver(report(1))
    await sink.close()


@pytest.mark.parametrize("status", [301, 307, 401, 403, 404, 429, 500, 503])
async def test_what_is_about_the_receiver_is_tried_again_and_no_redirect_is_followed(
    receiver: Receiver, status: int
) -> None:
    sink = await opened(receiver)
    receiver.script = [status]
    with pytest.raises(SinkUnavailable, match=f"answered {status}"):
        await sink.deliver(report(1))
    assert len(receiver.asked) == 1
    await sink.close()


async def test_no_secret_is_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("t0ken")
    url = f"http://127.0.0.1:{free_port()}/hook?key=qu3ry"
    config = WebhookConfig(kind="webhook", url=url, token_file=tmp_path / "token")
    sink = WebhookSink(config)
    await sink.open()
    with pytest.raises(SinkUnavailable) as caught:
        await sink.deliver(report(1))
    told = f"{caught.value} {caught.value.__cause__!r}"
    assert "t0ken" not in told
    assert "qu3ry" not in told
    await sink.close()


def test_a_template_makes_the_body_and_quotes_what_comes_from_outside() -> None:
    body = Body('{"part": {{ report.part_id | tojson }}, "pass": {{ report.good | tojson }}}')
    hostile = Report.of_verdict(verdict(1, kind=VerdictKind.OK, part_id='x", "pass": false, "y": "'))
    assert json.loads(body.of(hostile)) == {"part": hostile.part_id, "pass": True}


@pytest.mark.parametrize(
    "template",
    [
        "{{ report.part_id.__class__.__mro__ }}",
        "{{ cycler.__init__.__globals__ }}",
        "{{ report.nothing }}",
        "no json",
        "{% for i in range(9) %}1{% endfor %}",
    ],
)
def test_a_template_reaches_nothing_but_the_report_and_makes_json_or_nothing(template: str) -> None:
    with pytest.raises(ReportRefused, match="tojson"):
        Body(template).of(report(1))


def test_a_template_that_is_none_is_refused_at_the_start() -> None:
    with pytest.raises(SettingsError, match="template is refused"):
        Body("{{ report.")
    with pytest.raises(SettingsError, match="cannot be read"):
        WebhookSink(
            WebhookConfig(kind="webhook", url="https://mes.example/", secret_file=Path("/nowhere/secret"))
        )
