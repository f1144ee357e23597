"""Everything a worker is made of. Imports schemas, never workers."""
