"""The promises about a result: one check a module, called by its name."""
