"""Who comes in, and what they may do: sessions and tokens at the door, a least role at each route."""
