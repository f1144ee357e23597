"""The fault suite: real processes, real faults, and the ledger as judge. ``make faults`` runs it."""
