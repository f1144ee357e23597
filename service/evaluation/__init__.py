"""How well and at what cost a recipe judges pictures whose truth is known."""
