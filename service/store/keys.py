"""The names of objects. Ids that break their rule are refused, so no name leaves its place."""

from uuid import UUID

from schemas.ids import is_line_id, is_sha256

# References name a store by an alias; ours is the only one so far.
STORE_ALIAS = "store"


def frame_key(line: str, uid: UUID) -> str:
    """The bytes of a frame as its camera sent them."""
    return f"frames/{_line(line)}/{str(uid)[:2]}/{uid}"


def heatmap_key(line: str, uid: UUID, version: str) -> str:
    """The heatmap of a frame, as one version of the bank drew it."""
    return f"heatmaps/{_line(line)}/{str(uid)[:2]}/{uid}-{_sha256(version, 'version')[:12]}.png"


def bank_key(line: str, model: str, version: str) -> str:
    """The bank file of a version."""
    return f"banks/{_line(line)}/{_model(model)}/{_sha256(version, 'version')}.safetensors"


def bank_signature_key(line: str, model: str, version: str) -> str:
    """The signature of a bank file, beside it."""
    return bank_key(line, model, version).removesuffix("safetensors") + "sig"


def activation_signature_key(line: str, epoch: int) -> str:
    """The signature of an activation, beside its record."""
    return activation_key(line, epoch).removesuffix("json") + "sig"


def activation_key(line: str, epoch: int) -> str:
    """The record that put an epoch in force, kept so that the log can be restored."""
    if epoch < 1:
        raise ValueError(f"epoch {epoch} is refused: epochs begin at 1")
    return f"activations/{_line(line)}/{epoch}.json"


def part_key(line: str, model: str, sha256: str) -> str:
    """The frame of a part that a bank was made from; retention never touches it."""
    return f"parts/{_line(line)}/{_model(model)}/{_sha256(sha256, 'part')}"


def canary_key(line: str, model: str, sha256: str) -> str:
    """The frame of a canary; retention never touches it."""
    return f"canaries/{_line(line)}/{_model(model)}/{_sha256(sha256, 'canary')}"


def canary_record_key(line: str, model: str, sha256: str) -> str:
    """How a canary was judged when it was confirmed, and by whom it was."""
    return f"{canary_key(line, model, sha256)}.json"


def features_key(line: str, model: str, part_sha256: str, contract_hash: str) -> str:
    """The features of a part or canary under one input contract: a rebuild extracts nothing."""
    part, contract = _sha256(part_sha256, "part"), _sha256(contract_hash, "contract")
    return f"features/{_line(line)}/{_model(model)}/{part}-{contract}.safetensors"


def upload_key(line: str, sha256: str) -> str:
    """A picture that somebody uploaded to teach a line with; it is kept for days."""
    return f"uploads/{_line(line)}/{_sha256(sha256, 'picture')}"


def training_key(line: str, command_id: UUID, name: str) -> str:
    """What is told of a training, by the command that asked for it: ``report.json``, ``cancelled``, and
    drawings of suspicious parts, ``SHA256.png``."""
    if name not in ("report.json", "cancelled"):
        _sha256(name.removesuffix(".png"), "picture")
    return f"trainings/{_line(line)}/{command_id}/{name}"


def dead_letter_key(sha256: str) -> str:
    """The bytes of a dead letter that are too many for its message."""
    return f"dead-letters/{_sha256(sha256, 'dead letter')}"


def sink_letter_key(sink: str, line: str, report_id: UUID) -> str:
    """A report that a sink's counterpart refused, or did not accept in time."""
    return f"{sink_letters_folder(sink)}/{_line(line)}/{report_id}.json"


def sink_replay_key(sink: str, line: str, report_id: UUID) -> str:
    """A sink's letter that is to be told again."""
    return f"{sink_replays_folder(sink)}/{_line(line)}/{report_id}.json"


def sink_letters_folder(sink: str) -> str:
    """What one sink set aside."""
    return f"sink-letters/{_sink(sink)}"


def sink_replays_folder(sink: str) -> str:
    """What one sink is to tell again."""
    return f"sink-replays/{_sink(sink)}"


def outsourced_key(line: str, sha256: str) -> str:
    """The bytes of a frame that are too many for its message."""
    return f"sent/{_line(line)}/{_sha256(sha256, 'frame')}"


def _sink(sink: str) -> str:
    if not is_line_id(sink):
        raise ValueError(f"sink {sink!r} is refused: a sink's name is [a-z0-9][a-z0-9-]{{0,62}}")
    return sink


def _line(line: str) -> str:
    if not is_line_id(line):
        raise ValueError(f"line {line!r} is refused: a line id is [a-z0-9][a-z0-9-]{{0,62}}")
    return line


def _model(model: str) -> str:
    if not is_line_id(model):
        raise ValueError(f"model {model!r} is refused: a model's name is [a-z0-9][a-z0-9-]{{0,62}}")
    return model


def _sha256(text: str, what: str) -> str:
    if not is_sha256(text):
        raise ValueError(f"{what} {text!r} is refused: it is named by 64 lower-case hexadecimal digits")
    return text
