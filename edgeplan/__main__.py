"""`python -m edgeplan`."""

from edgeplan.cli.main import main

main()
