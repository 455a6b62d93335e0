"""What several rewrites share: source text and edits, scopes, dotted names, imports."""
