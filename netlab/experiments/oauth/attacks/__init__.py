"""Attacks on OAuth that work, and the one protection at a time that stops them.

Theory of operation. An `Attack` names the protections that would stop it: the lab's servers' and
the application's own checks. Undefended all of them are off; defended the named one alone is on.
Its `play` really does it, as a party of its own, and ends in an `Outcome`: loot, or where and by
which rule it was stopped.
"""
