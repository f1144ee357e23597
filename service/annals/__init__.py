"""What the events of the lines add up to: pure folds over ``line-events``, on which every reader agrees."""
