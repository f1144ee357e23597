"""``python -m workers.extraction``: started by an owner, never by hand."""

import sys

from workers.extraction.fork_server import main

main(sys.argv[1:])
