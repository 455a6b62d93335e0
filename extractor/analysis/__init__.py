"""Questions about code, one module each: graph in, finding out. Nothing here writes."""
