"""What this machine can and cannot show, for a person and for a bug report."""
