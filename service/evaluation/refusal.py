"""Why a set of pictures cannot be evaluated, in sentences for whoever laid it out."""


class EvaluationRefused(ValueError):
    """Nothing is measured; the sentence names the category or file, the reason and the remedy."""
