"""One frame judged: checked, extracted, searched, decided, drawn. Used by the extraction worker, the command
line, training and the rebuilder."""
