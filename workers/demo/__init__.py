"""The demo: two lines of real solar cells, inspected by the real programs on one machine."""
