"""Who to be for the server of a repository: nobody, unless the user of the package says so."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True)
class Credentials:
    username: str | None = None
    password: str | None = None


class Authenticator:
    def get_credentials_for_git_url(self, url: str) -> Credentials:
        return Credentials()


def get_default_authenticator() -> Authenticator:
    return Authenticator()
