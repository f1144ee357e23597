"""Converted networks kept on this machine's disk: a later start needs neither timm nor a conversion.

Importing timm alone takes two seconds of processor time, for it brings torch's compiler with it.
"""

import hashlib
import json
import os
import shutil
import tempfile
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import structlog

from service.backbones.network import About, Network
from service.backbones.openvino_conversion import Unconvertible
from service.backbones.openvino_core import core
from service.backbones.openvino_network import OpenVinoNetwork
from service.backbones.precision import Arithmetic
from service.backbones.source import WeightsSource
from service.backbones.weights import sha256_of

KEPT = 16
"""Folders of some 5 MB; the one that was used least recently goes first."""
_PACKAGES = ("torch", "timm", "openvino")
_MODEL, _WEIGHTS, _ABOUT = "network.xml", "network.bin", "about.json"
_log = structlog.get_logger()


class KeptNetworks:
    """A folder that several processes may use at once. What is in it was compared with torch when it was put
    there; found are only networks of the same weights, strides, arithmetic, libraries and code. What cannot
    be read or written is told in the log and made anew. What is found is trusted, so a folder that others may
    write into is not used."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(
        self, name: str, strides: tuple[int, ...], source: WeightsSource, precision: Arithmetic
    ) -> Network | None:
        """Such a network, compiled. Blocks for a tenth of a second."""
        kept = self._folder / _key(name, strides, source.path, precision)
        if not kept.is_dir() or not _private(self._folder):
            return None
        try:
            return self._read(kept)
        except (OSError, ValueError, RuntimeError, Unconvertible) as error:
            _log.warning("a kept network is made anew", network=name, cause=str(error))
            shutil.rmtree(kept, ignore_errors=True)
            return None

    def put(self, network: Network, source: WeightsSource) -> None:
        """Keep a network that OpenVINO computes; of others nothing."""
        about, forward = network.about, network.forward
        if not isinstance(forward, OpenVinoNetwork):
            return
        kept = self._folder / _key(about.name, about.strides, source.path, about.precision)
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not _private(self._folder):
                raise PermissionError("others may write into it: chmod go-w")
            self._write(kept, about, forward.model)
            self._tidy()
        except (OSError, RuntimeError) as error:
            _log.info("the network is not kept", folder=str(self._folder), cause=str(error))

    def _read(self, kept: Path) -> Network:
        told: dict[str, Any] = json.loads((kept / _ABOUT).read_bytes())
        if told["files"] != _digests(kept):
            raise ValueError(f"{kept.name} is damaged")
        about = About.model_validate(told["about"])
        model = core().read_model(kept / _MODEL, kept / _WEIGHTS)
        os.utime(kept)
        return Network(about, OpenVinoNetwork(model, about.precision))

    def _write(self, kept: Path, about: About, model: Any) -> None:
        """Whole or not at all: a folder of that name is complete."""
        import openvino

        with tempfile.TemporaryDirectory(dir=self._folder, prefix=".") as made:
            folder = Path(made, "network")
            folder.mkdir()
            openvino.serialize(model, folder / _MODEL, folder / _WEIGHTS)
            told = {"about": about.model_dump(mode="json"), "files": _digests(folder)}
            (folder / _ABOUT).write_text(json.dumps(told, indent=1))
            if not kept.exists():
                folder.rename(kept)

    def _tidy(self) -> None:
        networks = [path for path in self._folder.iterdir() if not path.name.startswith(".")]
        for path in sorted(networks, key=lambda path: path.stat().st_mtime)[:-KEPT]:
            shutil.rmtree(path, ignore_errors=True)


def _private(folder: Path) -> bool:
    found = folder.stat()
    return found.st_uid in (0, os.geteuid()) and not found.st_mode & 0o022


def _digests(folder: Path) -> dict[str, str]:
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in (_MODEL, _WEIGHTS)}


def _key(name: str, strides: tuple[int, ...], weights: Path, precision: Arithmetic) -> str:
    told = [name, strides, sha256_of(weights), precision, _made_by()]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:32]


@lru_cache(maxsize=1)
def _made_by() -> list[str]:
    """The libraries that had a hand in it, and this folder's own code."""
    code = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        code.update(path.read_bytes())
    return [*(f"{package} {version(package)}" for package in _PACKAGES), code.hexdigest()]
