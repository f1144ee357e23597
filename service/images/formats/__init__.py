"""One file a format: what its header states, and whether its end-of-image mark is there. No pixel is touched.

Written by hand because the libraries read more than a header: Pillow allocates two canvases to open a WebP
and inflates a PNG's text chunks.
"""
