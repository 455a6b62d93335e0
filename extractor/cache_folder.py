"""Where what is known from earlier runs is kept."""

from __future__ import annotations

import os
from pathlib import Path


def cache_folder() -> Path:
    """``EXTRACTOR_CACHE``, or the user's cache folder; it need not exist."""
    chosen = os.environ.get("EXTRACTOR_CACHE")
    if chosen:
        return Path(chosen)
    # Loaded here: it is only needed when nobody said where.
    from platformdirs import user_cache_path

    return user_cache_path("extractor", appauthor=False)
