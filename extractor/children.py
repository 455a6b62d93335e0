"""Programs that are started for a while end with the process that started them."""

from __future__ import annotations

import ctypes
import signal
import sys
import threading
from collections.abc import Callable

_SET_DEATH_SIGNAL = 1


def ends_with_us() -> Callable[[], None] | None:
    """For ``preexec_fn``: the system kills the program when this process dies, however it does.

    ``None`` where that cannot be had. It is the thread that counts, and only the main one lives
    as long as the process.
    """
    if sys.platform != "linux" or threading.current_thread() is not threading.main_thread():
        return None
    prctl = ctypes.CDLL(None).prctl
    return lambda: prctl(_SET_DEATH_SIGNAL, int(signal.SIGKILL))
