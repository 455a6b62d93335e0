"""Where the user's code comes from: repositories and releases, only ever read."""
