"""The programs: inspector, extraction, rebuilder, camera, web, and the command line that starts them."""

import service as service  # First of all: it settles what BLAS and OpenMP read when they load.
