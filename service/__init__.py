"""Everything a worker is made of. Imports schemas, never workers."""

import os

# Numpy's BLAS reads it once, when it loads: idle threads sleep after 2^10 ticks. As built they spin for a
# tenth of a second, which beside other work doubles what a selection takes, and takes it from all the rest.
os.environ.setdefault("OPENBLAS_THREAD_TIMEOUT", "10")
