"""Encoded bytes to pixels and back: decoding, checks, resizing and the drawing of heatmaps."""

import os

PIXEL_CEILING = 128_000_000
"""No setting can allow more pixels: 384 MB at three bytes each, still bearable for one worker."""

# OpenCV reads both once, when it loads: the ceiling is the second line of defence behind our own header
# check, and a hostile frame must not fill the log, because the dead letter already names its reason.
os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", str(PIXEL_CEILING))
os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")
