"""The messages: pydantic models, ids, and the documents made from them. Imports nothing of ours."""
