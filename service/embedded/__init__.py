"""A broker and a cache that pip installs, children on loopback: demo and tests need no Docker."""
