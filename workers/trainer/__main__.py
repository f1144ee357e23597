"""``python -m workers.trainer``: started by an owner, never by hand."""

import sys

from workers.trainer.program import main

main(sys.argv[1:])
