"""What a trainer is asked, and what lies in its folder before and after."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from schemas.ids import LineId, ModelName, Version


class Picture(BaseModel):
    """A picture in the folder, under the name that people know it by."""

    model_config = ConfigDict(frozen=True)

    sha256: Version
    name: str
    part_id: str | None = None


class Errand(BaseModel):
    """One training. Rates and recipe are as the command has them."""

    model_config = ConfigDict(frozen=True)

    line: LineId
    model: ModelName
    recipe: str | None
    alpha: float
    pictures: tuple[Picture, ...]


class Told(BaseModel):
    """One line of a trainer's output: how far it is, or how it ended."""

    model_config = ConfigDict(frozen=True)

    step: Literal["extract", "select", "screen", "refused", "built"]
    done: int = 0
    expected: int = 0
    sentence: str = ""


class Bench:
    """The folder that owner and trainer share, by the names of what lies in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def errand(self) -> Path:
        return self.folder / "errand.json"

    @property
    def bank(self) -> Path:
        return self.folder / "bank.safetensors"

    @property
    def report(self) -> Path:
        return self.folder / "report.json"

    def picture(self, sha256: str) -> Path:
        return self.folder / f"picture-{sha256}"

    def features(self, sha256: str) -> Path:
        return self.folder / f"features-{sha256}"

    def drawing(self, sha256: str) -> Path:
        return self.folder / f"drawing-{sha256}.png"
