"""Several networks that look at the same pictures, as one backbone."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import torch

from service.backbones.base import Backbone, Batch
from service.backbones.recorded import Recordings
from service.backbones.refusal import UnfitWeights
from service.images.resize import Triple

JOINT = "+"


class Ensemble:
    """A Backbone whose stages are its members', one member after the other, of equal device and precision.

    ``strides`` and ``channels`` are likewise the members' in a row: (8, 16, 8, 16) of two with (8, 16).
    ``name`` is theirs joined by ``+``. It takes pixels between 0 and 1, which each member normalises as its
    weights were trained.
    """

    mean: Triple = (0.0, 0.0, 0.0)
    std: Triple = (1.0, 1.0, 1.0)

    def __init__(self, members: Sequence[Backbone]) -> None:
        self._members = tuple(members)
        names = [member.name for member in members]
        self.name = JOINT.join(names)
        self.weights_sha256 = joint_sha256(names, [member.weights_sha256 for member in members])
        self.strides = tuple(stride for member in members for stride in member.strides)
        self.channels = tuple(depth for member in members for depth in member.channels)
        self.device, self.precision = members[0].device, members[0].precision
        recordable = all(member.recordings is not None for member in members)
        self.recordings = Recordings(self.device) if recordable else None
        # Kept on the device: to send a few numbers there waits for all that it has to do.
        self._scaling = [_scale_and_shift(member.mean, member.std, self.device) for member in members]

    def stages(self, batch: Batch) -> list[torch.Tensor]:
        """See Backbone.stages; on a CPU raises the first member's NonFiniteFeatures."""
        given = torch.as_tensor(batch).to(self.device)
        # In float32 and before the network: rounded to bfloat16 first, pixels would lose grey levels.
        pairs = zip(self._members, self._scaling, strict=True)
        return [
            stage for member, (scale, shift) in pairs for stage in member.stages(given.mul(scale).add_(shift))
        ]


def _scale_and_shift(mean: Triple, std: Triple, device: str) -> tuple[torch.Tensor, torch.Tensor]:
    scale = 1 / torch.tensor(std).reshape(3, 1, 1)
    shift = -torch.tensor(mean).reshape(3, 1, 1) * scale
    return scale.to(device), shift.to(device)


def members_of(name: str, weights: Path | None) -> list[str]:
    """The networks that a backbone's name joins, in order. Raises UnfitWeights where one is nameless, or
    where one weights file was given for several."""
    members = name.split(JOINT)
    if not all(members):
        raise UnfitWeights(f"The backbone {name} joins a network without a name: write it as A+B.")
    if len(members) > 1 and weights is not None and weights.is_file():
        raise UnfitWeights(
            f"The weights {weights} are one file for the {len(members)} networks of {name}: name a folder "
            "with a file for each in PATCHLINE_ENGINE__WEIGHTS."
        )
    return members


def joint_sha256(names: Sequence[str], shas: Sequence[str]) -> str:
    """The sha256, in hex, that names several networks' weights together."""
    told = "\n".join(f"{name} {sha}" for name, sha in zip(names, shas, strict=True))
    return hashlib.sha256(told.encode()).hexdigest()
