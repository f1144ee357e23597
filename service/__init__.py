"""Everything a worker is made of. Imports schemas, never workers."""

import os

# Numpy's BLAS and the OpenMP of torch and FAISS read these once, when they load: idle threads sleep after
# 2^10 ticks and 1,000 rounds. As built they spin on, BLAS for a tenth of a second: beside other work that
# doubles what a selection, a search or a start takes, and takes it from all the rest.
os.environ.setdefault("OPENBLAS_THREAD_TIMEOUT", "10")
if "OMP_WAIT_POLICY" not in os.environ:
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")
