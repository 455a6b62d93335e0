"""import-linter contract types and configurations that keep the cut clean."""
