"""The rebuilder: carries out what people ask of a line, and teaches banks the parts that they approve."""
