"""Tests. What they import is compiled once, and not again by each worker and program."""

import os
import sys

sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
