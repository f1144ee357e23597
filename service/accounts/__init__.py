"""Who may do what: users, roles, sessions and tokens in one SQLite file, and the record of what changed."""
