"""Alert hygiene: which alerts are told to people, and which only counted. The topic always has them all."""

from service.alerting.hygiene import Decision, Hold, Hygiene, HygienePolicy
from service.alerting.ring import AlertGroup, Ring

__all__ = ["AlertGroup", "Decision", "Hold", "Hygiene", "HygienePolicy", "Ring"]
