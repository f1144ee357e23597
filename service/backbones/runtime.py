"""What computes a network."""

from schemas.reasons import Worded


class Runtime(Worded):
    """What computes the network on the device."""

    AUTO = "auto", "OpenVINO on a CPU, where it is installed and can run the network; else torch."
    TORCH = "torch", "Torch, on every device."
    OPENVINO = (
        "openvino",
        "OpenVINO on the CPU, in about half of torch's time; a network it cannot run is refused.",
    )
    NONE = (
        "none",
        "Nothing: no frame is looked at, each is a stored fault, never good; for measuring the stream alone.",
    )
