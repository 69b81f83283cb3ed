"""``python -m visitseg`` is the command line."""

from visitseg.cli import main

main()
