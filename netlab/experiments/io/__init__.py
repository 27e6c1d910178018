"""Blocking and non-blocking I/O: the same work under every model."""
