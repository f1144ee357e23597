"""Why a bank is not put in force: the gate, whom it concerns, and the sentence for people."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from schemas.reasons import Gate

Names = Mapping[str, str]
"""What people call a picture, by its sha256."""
_APPROVE_TOO = "if it is good, another person must approve it too"


@dataclass(frozen=True, slots=True)
class Objection:
    """``parts`` are those at fault, by sha256, as far as they are known; ``text`` holds a picture's sha256 in
    braces where its name belongs. With ``second_person``, another person's approval of the same parts lifts
    it."""

    gate: Gate
    text: str
    parts: tuple[str, ...] = ()
    second_person: bool = False

    def sentence(self, names: Names) -> str:
        """The gate's reason and the remedy."""
        said = self.text
        for sha256, name in names.items():
            said = said.replace("{" + sha256 + "}", name)
        return said

    @classmethod
    def of_suspicious(cls, multiples: Mapping[str, float]) -> "Objection":
        """Parts that score so many times the defect threshold."""
        worst = max(multiples, key=lambda name: multiples[name])
        more = f" and {len(multiples) - 1} more are as suspicious" if len(multiples) > 1 else ""
        text = f"frame {{{worst}}} scores {multiples[worst]:.2f} times the defect threshold{more}"
        return cls(Gate.SUSPICIOUS_PART, f"{text}: {_APPROVE_TOO}", tuple(multiples), second_person=True)

    @classmethod
    def of_silenced(cls, canary: str, parts: Sequence[str], margin: float) -> "Objection":
        """A canary that would reach only this share of the threshold."""
        cause = f"with frame {{{parts[0]}}} " if parts else ""
        text = (
            f"{cause}canary {{{canary}}} would no longer alarm, at {margin:.2f} times the defect threshold: "
            f"{'leave the frame out, or ' if parts else ''}retire the canary if it is no defect"
        )
        return cls(Gate.CANARY_SILENT, text, tuple(parts))

    @classmethod
    def of_cost(cls, canary: str, parts: Sequence[str], loss: float, allowed: float) -> "Objection":
        """A canary that would lose this share of its score to new parts, the worst first."""
        text = (
            f"with frame {{{parts[0]}}} canary {{{canary}}} would lose {loss:.0%} of its score, more than "
            f"{allowed:.0%}: {_APPROVE_TOO}"
        )
        return cls(Gate.CANARY_MARGIN, text, tuple(parts), second_person=True)

    @classmethod
    def of_worn(cls, canary: str, loss: float, allowed: float) -> "Objection":
        """A canary that would lose this share of its margin above the threshold, for no part's fault."""
        text = (
            f"canary {{{canary}}} would lose {loss:.0%} of its margin, more than {allowed:.0%}: keep the "
            "bank in force, or retire the canary if it is no defect"
        )
        return cls(Gate.CANARY_MARGIN, text)

    @classmethod
    def of_alarms(cls, alarms: int, parts: int, allowed: float, alpha: float) -> "Objection":
        """So many of the parts that the line was trained on would alarm."""
        text = (
            f"{alarms} of {parts} known good parts would alarm, more than the {allowed:.1%} that a rate of "
            f"{alpha:.1%} explains: audit with frames drawn whatever their verdict, or train anew"
        )
        return cls(Gate.FALSE_ALARMS, text)

    @classmethod
    def of_unsound(cls, cause: str) -> "Objection":
        """The build itself failed."""
        return cls(Gate.UNSOUND, f"the bank cannot learn these parts: {cause}")
