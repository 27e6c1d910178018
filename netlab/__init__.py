"""netlab: understand what a network does, on your own connection."""

__version__ = "0.1.0"
