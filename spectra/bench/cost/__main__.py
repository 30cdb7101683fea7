"""The process that measures: ``python -m spectra.bench.cost REQUEST ANSWER``, two files of JSON.

The answer has a line for each figure. The process ends when its standard input does.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from spectra.bench.cost.figures import fault, parts
from spectra.bench.cost.lifeline import bind
from spectra.bench.cost.words import Part, Request


def main(asked: Path, answer: Path) -> None:
    request = Request.model_validate_json(asked.read_bytes())
    bind(request.timeout)
    home = os.getpid()
    try:
        for part in parts(request):
            say(part, answer, home)
    except BaseException as why:  # a stranger's model may raise anything, SystemExit too
        say(Part(error=fault(why)), answer, home)
    os._exit(0)  # threads that a plugin left behind must not keep it


def say(part: Part, answer: Path, home: int) -> None:
    if os.getpid() != home:  # a plugin forked, and the child came back here
        os._exit(0)
    with answer.open("a", encoding="utf-8") as file:
        file.write(part.model_dump_json(exclude_unset=True) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
