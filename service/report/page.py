"""A report as HTML: nothing outside the file is asked for, and nothing in it is executed."""

import base64
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from service.report.document import Report


def page_of(report: Report) -> str:
    """One HTML document. Names of files and lines are escaped: they are whatever a camera or a folder says.
    Its own policy forbids scripts and any request, so it can be opened from a mail."""
    return _template().render(report=report)


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["png"] = _data_url
    environment.filters["svg"] = Markup
    return environment.get_template("report.html")


def _data_url(png: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"
