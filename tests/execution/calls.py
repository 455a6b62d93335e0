"""What the units of the tests call."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path


def double(number):
    return 2 * number


def fail():
    raise ValueError("no such thing")


def full():
    raise OSError(28, os.strerror(28), "somewhere")


def note(log):
    with Path(log).open("a") as out:
        out.write("x")
    return "noted"


def die(log, until=3):
    note(log)
    if len(Path(log).read_text()) <= until:
        os.kill(os.getpid(), signal.SIGKILL)
    return "alive"


def sleep(log):
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    draft = Path(f"{log}.draft")
    draft.write_text(f"{os.getpid()} {child.pid}")
    draft.replace(log)
    time.sleep(60)


def slowly(number):
    time.sleep(0.4)
    return 2 * number
