"""Signatures (Ed25519): who may put banks in force, and who may give commands. docs/signing.md tells how."""
