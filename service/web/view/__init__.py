"""The page's view of the stream: one SQLite file, filled from the topics and never an authority."""

from service.web.view.view import View

__all__ = ["View"]
