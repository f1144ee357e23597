"""The package's names: imported when they are asked for, and never a module in a function's place."""

import importlib
import pkgutil
import subprocess
import sys
from types import ModuleType

import pytest

import service.patchcore


def test_every_name_is_what_it_says_whatever_was_imported_before() -> None:
    for module in pkgutil.iter_modules(service.patchcore.__path__):
        importlib.import_module(f"service.patchcore.{module.name}")
    for name in service.patchcore.__all__:
        assert not isinstance(getattr(service.patchcore, name), ModuleType), name


def test_a_name_that_there_is_none_of_is_an_error() -> None:
    with pytest.raises(AttributeError, match="has no 'wrong'"):
        service.patchcore.wrong  # noqa: B018 - asking is the point


def test_the_page_loads_no_library_of_networks() -> None:
    script = "import sys, workers.web.program; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
