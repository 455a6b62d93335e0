"""Two sides asked the same, and what they answer compared."""
