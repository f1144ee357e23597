"""The signature that a webhook's receiver checks: HMAC-SHA256 over moment and body."""

import hashlib
import hmac

HEADER = "Patchline-Signature"


def signature(secret: str, moment: int, body: bytes) -> str:
    """The header's value: ``t=SECONDS,v1=HEX``, the HMAC-SHA256 of ``SECONDS.BODY`` under the secret. A
    receiver refuses old moments, so that a message that was overheard cannot be sent again."""
    told = f"{moment}.".encode() + body
    digest = hmac.new(secret.encode(), told, hashlib.sha256).hexdigest()
    return f"t={moment},v1={digest}"


def is_signed(secret: str, header: str, body: bytes, now: int, *, seconds: int = 300) -> bool:
    """What a receiver does: whether the header signs the body, at most so many seconds ago."""
    fields = dict(field.partition("=")[::2] for field in header.split(","))
    if not fields.get("t", "").isdecimal():
        return False
    moment = int(fields["t"])
    return abs(now - moment) <= seconds and hmac.compare_digest(signature(secret, moment, body), header)
