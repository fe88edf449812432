"""The study lane: `python -m birdscope.engine.study PIPE HANDLERS LOG`.

Keeps a labelled matrix in memory and answers what Audition, Tune and Train ask, in milliseconds.
What takes longer is answered in steps; between two steps newer questions come first.

A handler is a function `(study, request) -> answer`, registered for the type of its request
in the table `HANDLERS` of its module. A handler that is a generator answers in steps of a few
ten milliseconds: whatever it yields, but for None (a breath), is sent as the answer so far.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from birdscope.core.errors import BirdscopeError, Cancelled, EngineError
from birdscope.engine import messages
from birdscope.engine.loading import resolve
from birdscope.engine.process import Channel, settle_in
from birdscope.engine.study_desk import Desk, Work
from birdscope.engine.study_messages import Ask, Ended, Part
from birdscope.engine.tune_messages import OpenTuning

if TYPE_CHECKING:
    from birdscope.engine.tune_answers import Tuning

# Answers a hand that moves a slider, so only a little behind the interface and the sound.
NICENESS = 2
_ENDED = object()


@dataclass
class Study:
    """What the process holds between two questions.

    Attributes:
        tuning: Scores and labels as last opened; None before.
        kept: Room for what handlers want to keep, by a name of theirs.
    """

    tuning: Tuning | None = None
    kept: dict[str, Any] = field(default_factory=dict)


Handler: TypeAlias = Callable[[Study, Any], object]


def handlers() -> dict[type, Handler]:
    """Type of request → the function that answers it."""
    from birdscope.engine import audition_answers, train_answers, tune_answers

    return {**tune_answers.HANDLERS, **audition_answers.HANDLERS, **train_answers.HANDLERS}


class Clerk:
    """Takes questions from the desk and sends the answers.

    Args:
        send: Takes the messages for the interface.
        table: Type of request → handler.
        log: Where tracebacks go, named in messages about unexpected errors.
    """

    def __init__(
        self, send: Callable[[object], None], table: Mapping[type, Handler], log: Path
    ) -> None:
        self.desk = Desk(send, barriers=(OpenTuning,))
        self._send = send
        self._table = table
        self._log = log
        self._study = Study()

    def step(self) -> None:
        """Answer one question, or take one step of what is under way; waits for something."""
        task = self.desk.take()
        if isinstance(task, Ask):
            self._guarded(task, lambda: self._answer(task))
        else:
            self._guarded(task[0], lambda: self._advance(task))

    def _answer(self, ask: Ask) -> None:
        handler = self._table.get(type(ask.request))
        if handler is None:
            raise EngineError(f"nobody answers a {type(ask.request).__name__}")
        value = handler(self._study, ask.request)
        if isinstance(value, Iterator):
            self.desk.begin(ask, value)
        else:
            self._send(messages.Answer(ask.token, value))

    def _advance(self, work: Work) -> None:
        ask, parts = work
        done = True
        try:
            value = next(parts, _ENDED)
            done = value is _ENDED
        finally:
            wanted = self.desk.next_turn(work, done=done)
        if wanted and done:
            self._send(Ended(ask.token))
        elif wanted and value is not None:
            self._send(Part(ask.token, value))

    def _guarded(self, ask: Ask, act: Callable[[], None]) -> None:
        try:
            act()
        except Cancelled:
            self._send(messages.Dropped(ask.token))
        except Exception as error:
            if not isinstance(error, BirdscopeError):
                traceback.print_exc()
            self._send(messages.failed(ask.token, error, self._log))


def main(arguments: list[str]) -> None:
    """Entry point of the process."""
    handle, table, log = arguments
    # Heeded when NumPy is first imported; work is shared out over our own threads.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    channel: Channel = settle_in(int(handle), niceness=NICENESS, batch=False)
    make_table = cast("Callable[[], Mapping[type, Handler]]", resolve(table))
    clerk = Clerk(channel.send, make_table(), Path(log))
    channel.listen(clerk.desk.put)
    while True:
        clerk.step()


if __name__ == "__main__":
    main(sys.argv[1:])
