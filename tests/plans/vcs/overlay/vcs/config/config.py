"""Settings of the Git client, from the environment."""

from __future__ import annotations

import os
from pathlib import Path


class Config:
    """Where repositories are kept, and whether the system's git is used."""

    @classmethod
    def create(cls) -> Config:
        return cls()

    def get(self, name: str, default: object = None) -> object:
        if name == "cache-dir":
            return os.environ.get("VCS_CACHE_DIR", str(Path.home() / ".cache" / "vcs"))
        if name == "experimental.system-git-client":
            return os.environ.get("VCS_SYSTEM_GIT", default)
        return default
