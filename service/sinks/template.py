"""A webhook's body: the report's JSON, or what a template makes of it, checked to be JSON."""

import json
from typing import Any

from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from schemas.report import Report
from service.settings import SettingsError
from service.sinks.base import ReportRefused

MOST_BYTES = 256 * 1024


class Body:
    """Makes bodies. Without a template a body is the report's own JSON."""

    def __init__(self, template: str | None) -> None:
        """Raises ``SettingsError`` for a template that is no Jinja2."""
        # No file, no import and nothing that changes what it is given; a missing name is an error. `tojson`
        # quotes values: a part id is hostile text.
        environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)
        # Loops of a template go over a report's views; a range of millions would stop the sink.
        environment.globals.clear()
        try:
            self._template = None if template is None else environment.from_string(template)
        except TemplateError as error:
            raise SettingsError(f"the webhook's template is refused: {error}; correct it") from error

    def of(self, report: Report) -> bytes:
        """The body. Raises ``ReportRefused`` where the template makes no JSON of this report."""
        if self._template is None:
            return report.to_bytes()
        values: dict[str, Any] = report.model_dump(mode="json")
        try:
            text = self._template.render(report=values)
            json.loads(text)
        except (TemplateError, ArithmeticError, LookupError, TypeError, ValueError) as error:
            raise ReportRefused(
                f"the template makes no JSON of report {report.report_id} ({error}): quote values with "
                "`| tojson`"
            ) from error
        if len(text) > MOST_BYTES:
            raise ReportRefused(f"the template makes more than {MOST_BYTES} bytes: shorten it")
        return text.encode()
