"""The voice: what a step is, why it exists, what goes wrong, and where that is written."""
