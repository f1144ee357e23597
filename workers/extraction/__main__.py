"""``python -m workers.extraction``: started by an owner, never by hand."""

import sys

from workers.extraction.program import main

main(sys.argv[1:])
