"""Training: from good parts to a bank, from a bank to one that learned more parts, and out to the line."""
