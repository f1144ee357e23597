"""Writes a film of known colours to standard output, in a process of its own: see ``films.film``."""

import io
import json
import sys

import av
import numpy as np


def main() -> None:
    """The film that the first argument describes."""
    asked = json.loads(sys.argv[1])
    target, (columns, rows) = io.BytesIO(), asked["size"]
    with av.open(target, "w", format=asked["container"]) as out:
        stream = out.add_stream(asked["codec"], rate=asked["fps"])
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = columns, rows, asked["pixels"]
        stream.gop_size = asked["fps"]
        for colour in asked["colours"]:
            shown = np.full((rows, columns, 3), colour, np.uint8)
            for _ in range(asked["each"]):
                out.mux(stream.encode(av.VideoFrame.from_ndarray(shown, format="bgr24")))
        out.mux(stream.encode(None))
    sys.stdout.buffer.write(target.getvalue())


if __name__ == "__main__":
    main()
