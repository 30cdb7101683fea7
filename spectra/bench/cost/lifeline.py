"""What ends the process that measures when nobody waits for it any more."""

from __future__ import annotations

import os
import signal
import threading

GRACE = 10  # seconds that the bench has to end it


def bind(timeout: float) -> None:
    """To standard input, which the bench holds open: it ends with the bench, also where that was killed.

    An alarm is for a model that lets no other thread run.
    """
    held = os.dup(0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)  # a model that reads finds nothing there
    os.close(nothing)
    threading.Thread(target=_wait_for_the_end, args=(held,), daemon=True).start()
    if hasattr(signal, "setitimer"):
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, timeout + GRACE)


def _wait_for_the_end(held: int) -> None:
    while os.read(held, 1):
        pass
    if hasattr(os, "killpg") and os.getpgrp() == os.getpid():
        os.killpg(os.getpgrp(), signal.SIGKILL)  # what the model has started too
    os._exit(1)
