"""The quick lane: `python -m birdscope.engine.quick PIPE LOG`.

Answers questions in milliseconds, without torch, also while the model lane is loading. A
recall or blend that is asked again before its turn is dropped: only the newest counts.
"""

from __future__ import annotations

import sys
import threading
import traceback
from collections import deque
from collections.abc import Sequence
from pathlib import Path

from birdscope.core.errors import BirdscopeError
from birdscope.engine import messages
from birdscope.engine.process import Channel, settle_in

Question = messages.Describe | messages.Recall | messages.Blend


class Desk:
    """Questions in the order they came; of recalls and of blends at most one."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._changed = threading.Condition()
        self._waiting: deque[Question] = deque()

    def put(self, question: object) -> None:
        """Take a question from the pipe; called by the reader thread."""
        if not isinstance(question, messages.Describe | messages.Recall | messages.Blend):
            return
        with self._changed:
            older = [one for one in self._waiting if _replaces(question, one)]
            for one in older:
                self._waiting.remove(one)
            self._waiting.append(question)
            self._changed.notify()
        for one in older:
            self._channel.send(messages.Dropped(one.token))

    def take(self) -> Question:
        """The next question; waits for one."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting)
            return self._waiting.popleft()


def answer(question: Question) -> object:
    """What a question asks for.

    Raises:
        BirdscopeError: with what is wrong and what to do.
    """
    if isinstance(question, messages.Describe):
        from birdscope.engine.description import describe

        return describe(question.ensemble)
    if isinstance(question, messages.Recall):
        from birdscope.engine.recalling import recall

        return recall(question)
    from birdscope.engine.blending import blend_recording

    return blend_recording(
        question.values,
        question.checkpoints,
        question.weights,
        question.settings,
        shown=question.shown,
        species=question.species,
    )


def _replaces(newer: Question, older: Question) -> bool:
    """Recalls and blends are about what is shown; descriptions may be for several askers."""
    return type(newer) is type(older) and not isinstance(newer, messages.Describe)


def main(arguments: Sequence[str]) -> None:
    """Entry point of the process."""
    handle, log = arguments
    channel = settle_in(int(handle))
    desk = Desk(channel)
    channel.listen(desk.put)
    while True:
        question = desk.take()
        try:
            value = answer(question)
        except Exception as error:
            if not isinstance(error, BirdscopeError):
                traceback.print_exc()
            channel.send(messages.failed(question.token, error, Path(log)))
        else:
            channel.send(messages.Answer(question.token, value))


if __name__ == "__main__":
    main(sys.argv[1:])
