"""`python -m netlab`."""

from netlab.cli import main

main()
