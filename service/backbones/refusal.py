"""Why a network cannot be used, in sentences."""


class UnfitWeights(ValueError):
    """The network is unknown, or its weights are missing, unreadable, or those of another."""


class NonFiniteFeatures(ValueError):
    """The network computed values that are no numbers: nothing may be learned from them or judged by them."""


class UnfitRuntime(ValueError):
    """The runtime that the settings name cannot compute the network."""
