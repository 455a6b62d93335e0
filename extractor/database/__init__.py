"""A subsystem's tables: their schema, their rows, and how to make both again elsewhere."""
