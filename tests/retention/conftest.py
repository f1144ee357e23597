"""A plant in memory, as the page's tests have it."""

from tests.web.conftest import plant

__all__ = ["plant"]
