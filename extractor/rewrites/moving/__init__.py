"""What it takes to move definitions: which statements go, what they need, where they arrive."""
