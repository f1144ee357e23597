"""The ledger: proof over a running system that accepted = scored + dead-lettered + declared dropped."""
