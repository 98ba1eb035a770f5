"""Run the program as a module."""

from api.cli import main

main()
