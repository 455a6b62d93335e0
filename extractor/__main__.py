"""The program: from its first line on, ctrl-C is an exit code and not a traceback."""

import os
import signal
from typing import NoReturn


def start() -> NoReturn:
    """Load the command line and run it: until then there is nothing to be undone."""
    signal.signal(signal.SIGINT, _interrupted)
    from extractor.cli import main

    main()


def _interrupted(number: int, frame: object) -> NoReturn:
    os.write(2, b"extractor: interrupted\n")
    os._exit(128 + number)


if __name__ == "__main__":
    start()
