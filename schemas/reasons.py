"""Closed sets of words, each with the sentence that people read. Docs tables are made from them."""

from enum import StrEnum


class Worded(StrEnum):
    """A closed set whose members each carry one sentence for people."""

    sentence: str

    def __new__(cls, value: str, sentence: str = "") -> "Worded":
        member = str.__new__(cls, value)
        member._value_ = value
        member.sentence = sentence
        return member


class VerdictKind(Worded):
    """What became of a readable frame."""

    OK = "ok", "The part looks like the good parts that the bank knows."
    REVIEW = "review", "The part is unusual: a person should look at it."
    DEFECT = "defect", "The part is so unusual that the line's false-alarm rate allows an alarm."
    FAULT = "fault", "The frame is readable but cannot be judged; the reason says why."
    DROPPED = "dropped", "The frame was shed on purpose, as the line's setting allows, and was not scored."


class FaultReason(Worded):
    """Why a readable frame could not be judged."""

    NO_BANK = "no-bank", "No bank is in force on the line: train one from the frames that are stored."
    FLAT = "flat", "The picture has no contrast: check the lens cap, the light and the trigger."
    OVER_EXPOSED = "over-exposed", "Nearly all of the picture is white: lower the exposure or the light."
    WRONG_SIZE = "wrong-size", "The picture's shape is not the one that the model was trained on."
    WRONG_CHANNELS = "wrong-channels", "The picture is grey where the model knows colour, or the reverse."
    WRONG_DEPTH = "wrong-depth", "The picture's bit depth is not the one that the model was trained on."
    BREAKER_OPEN = "breaker-open", "The line sent too much bad input; its frames are kept for a replay."
    MAINTENANCE = "maintenance", "The line is under maintenance, so its parts are not judged."
    NO_ENGINE = "no-engine", "The engine's runtime is `none`, which looks at no frame: set it to auto."


class DeadLetterReason(Worded):
    """Why bytes were set aside instead of judged."""

    EMPTY = "empty", "The message has no bytes and names no stored object."
    NOT_AN_IMAGE = "not-an-image", "The bytes do not begin like a JPEG, PNG, BMP, TIFF or WebP."
    TRUNCATED = "truncated", "The image ends before its end-of-image mark."
    UNDECODABLE = "undecodable", "The image begins well but its contents cannot be decoded."
    TOO_MANY_PIXELS = "too-many-pixels", "The header states more pixels than the limit allows."
    TOO_MANY_BYTES = "too-many-bytes", "The message is larger than the limit allows."
    DAMAGED = "damaged", "The broker gave a record that no client can read; its bytes are not to be had."
    BAD_LINE_ID = "bad-line-id", "The key is missing or is no line id: [a-z0-9][a-z0-9-]{0,62}."
    BAD_HEADER = "bad-header", "A header such as frame-id breaks its rule."
    BAD_REFERENCE = "bad-reference", "The object that frame-ref names is missing or has another sha256."
    KILLS_WORKER = "kills-worker", "The extraction worker died three times while it held this frame."


class CommandKind(Worded):
    """What a person can ask of a line."""

    APPROVE_GOOD = "ApproveGood", "These parts are good: grow the bank of the model that judged them."
    CONFIRM_DEFECT = "ConfirmDefect", "This part is defective: keep it as a canary."
    MARK_UNSURE = "MarkUnsure", "Somebody looked at this part and could not say: it teaches nothing."
    RETIRE_CANARY = "RetireCanary", "Stop asking that this canary alarms."
    REMOVE_PART = "RemovePart", "Build the bank again as if it had never had this part."
    REBUILD = "Rebuild", "Select the bank again from all its parts."
    ACTIVATE = "Activate", "Put a published version in force."
    ROLLBACK = "Rollback", "Put an earlier epoch's version in force again."
    SET_FALSE_ALARM_RATE = "SetFalseAlarmRate", "Change the false-alarm rate that the line may have."
    SET_MAINTENANCE = "SetMaintenance", "Open or close a maintenance window of the line."
    TRAIN_LINE = "TrainLine", "Make a bank of pictures of good parts and publish it, not yet in force."


class Gate(Worded):
    """What a bank must pass before it is put in force. An event names the gate that refused, and the frames
    that it refused for."""

    UNSOUND = "unsound", "The bank would be empty, or hold values that are not finite."
    FALSE_ALARMS = "false-alarms", "More of the known good parts would alarm than the line's rate allows."
    CANARY_SILENT = "canary-silent", "A confirmed defect that alarms now would no longer alarm."
    CANARY_MARGIN = "canary-margin", "A confirmed defect would alarm by a margin that is much smaller."
    SHADOW = "shadow", "Too many of the line's stored frames would get another verdict."
    SUSPICIOUS_PART = "suspicious-part", "The part scores so high that it may be a defect."


class LineEventKind(Worded):
    """What is told about a line."""

    COMMAND_DONE = "command-done", "A command was carried out."
    COMMAND_REFUSED = "command-refused", "A command was refused and changed nothing; the reason says why."
    BUILD_PROGRESS = "build-progress", "A bank is being built."
    BANK_STALE = "bank-stale", "An activation could not be loaded; the line keeps the bank it has."
    UNTRUSTED = "untrusted-command", "A command that nobody who is trusted signed was passed over unread."
    RETENTION = "retention", "Frames and heatmaps of the line from before a moment are removed, by verdict."
    BREAKER = "breaker", "The line's breaker opened, for too much bad input, or closed again."
    DRIFT = "drift", "The line's scores no longer come from where they came when its bank was put in force."
    CAMERA = "camera", "A camera of the line gives no pictures, or gives them again."
    SNOOZED = "snoozed", "The line's alerts notify nobody until a moment; each of them is still published."
    ALERT_CLOSED = "alert-closed", "A group of alerts was closed by a person, with a reason."


class ReportKind(Worded):
    """What a sink tells of a part."""

    VERDICT = "verdict", "The frame's effective verdict."
    MISSING = "missing", "No verdict came by the line's deadline: the part is not good."
    ALERT = "alert", "A defect or a review, as the alerts have it."
    PART = "part", "Several views of one part, joined: good when all are."
