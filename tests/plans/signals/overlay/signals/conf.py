"""What the dispatcher reads of settings."""


class Settings:
    """``DEBUG``: whether ``connect`` checks that a receiver takes keyword arguments."""

    configured = True
    DEBUG = False


settings = Settings()
