"""What a person decided: the plan's data model, loading and validation."""
