"""The stages of a frame's way, each with its seconds in `patchline_stage_seconds`."""

from schemas.reasons import Worded


class Stage(Worded):
    """What a batch, or a frame, spends its seconds on. Batches overlap: one is decoded and another published
    while a third is extracted."""

    QUEUE = "queue", "From its arrival until a frame's batch is handed to the extraction worker."
    HANDOVER = "handover", "A batch's way to the worker and back, and its turn there."
    DECODE = (
        "decode",
        "The worker waits for a batch's pictures, or decodes those that nobody has while it scored another.",
    )
    EXTRACT = "extract", "Resizing, network and embedding of a batch; a GPU is only given them."
    SEARCH = "search", "Whitening, nearest vectors and scores of a batch; a GPU is waited for here."
    DRAW = "draw", "Regions of a batch, and heatmaps of what is flagged."
    STORE = "store", "Heatmaps and frames of a batch acknowledged by the object store."
    PUBLISH = "publish", "Verdicts, alerts and events of a batch acknowledged by the broker."
