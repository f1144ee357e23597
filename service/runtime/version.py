"""Which release runs: what programs tell of themselves."""

from importlib.metadata import PackageNotFoundError, version


def package_version() -> str:
    """Of the installed package; ``0+source`` from a source tree that is not installed."""
    try:
        return version("patchline")
    except PackageNotFoundError:
        return "0+source"
