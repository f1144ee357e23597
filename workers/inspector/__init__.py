"""The inspector: frames in, one verdict each out. Its event loop does nothing but I/O."""
