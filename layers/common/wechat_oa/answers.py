"""One message, one answer: claimed once, written once, handed over part by part.

An answer is one item. Whoever first puts it has claimed the message, whatever WeChat repeats. A worker writes
the text into it; deliveries take parts out of it: the reply to the message itself, each 继续, each push. The
item's ``shown`` says how far the follower has read, and moves only by a conditional update, so two deliveries
never show the same part; ``parts`` remembers which delivery got which part, so that a delivery that WeChat
repeats gets its own part again.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple
from weakref import WeakValueDictionary

from wechat_oa.identifiers import time_ordered_id
from wechat_oa.store.table import Item, Table

ANSWER_SECONDS = 24 * 3600
"""How long an answer is kept, and waits to be read."""
STALE_SECONDS = 30.0
"""A writer that has given no sign for so long is gone; it gives one at least every 5 seconds."""
LOST_SECONDS = 1800.0
"""A job that no worker has begun for so long is lost."""

_LINK = re.compile(r"[A-Za-z0-9_-]{16,64}")

Cut = Callable[[str, int, bool], int]
"""Where the part that starts at an offset of a text should end; the flag says whether the text is whole."""


class Answer(NamedTuple):
    """An answer as it stands in the table."""

    key: str
    openid: str
    question: str
    id: str
    """Sorts by the time the message first came."""
    at: float
    """When the message first came, in epoch seconds."""
    state: str
    """``pending`` (no worker yet), ``writing`` or ``finished``."""
    attempts: int = 1
    """How often WeChat has delivered the message."""
    text: str = ""
    failure: str = ""
    """Empty, or why the text is not (the whole of) an answer."""
    shown: int = 0
    """How many characters of the text the follower has been shown."""
    shown_at: float = 0.0
    parts: Mapping[str, list[int]] = MappingProxyType({})
    """For each delivery the part it got, as [start, end)."""
    writer: str = ""
    beat: float = 0.0
    """The writer's last sign of life, in epoch seconds."""
    took: Mapping[str, int] = MappingProxyType({})
    """Milliseconds: ``queued`` until a worker began, ``first`` until the model's first piece, ``whole`` until
    its last; and ``tokens``, where the service tells. For the log."""

    @property
    def finished(self) -> bool:
        """Whether the text will not grow any more."""
        return self.state == "finished"

    @property
    def all_shown(self) -> bool:
        """Whether nothing is left for the follower to see."""
        return self.finished and self.shown >= len(self.text)

    def stale(self, now: float) -> bool:
        """Whether nobody is working on it any more, though it is not finished."""
        if self.state == "pending":
            return now - self.at > LOST_SECONDS
        return self.state == "writing" and now - self.beat > STALE_SECONDS


class Part(NamedTuple):
    """What one delivery may show."""

    answer: Answer
    start: int
    end: int

    @property
    def text(self) -> str:
        """The part itself (Markdown, as the model wrote it)."""
        return self.answer.text[self.start : self.end]

    @property
    def last(self) -> bool:
        """Whether nothing follows."""
        return self.answer.finished and self.end >= len(self.answer.text)


class _Finishing(asyncio.Event):
    """That an answer is finished, and the answer then."""

    answer: Answer | None = None


_CLAIMED = Answer(key="", openid="", question="", id="", at=0.0, state="pending")
"""How ``claim`` leaves an answer, as far as who begins it must know."""


class Answers:
    """All answers, in one table."""

    def __init__(self, table: Table, clock: Callable[[], float] = time.time) -> None:
        """Keep answers in ``table``; ``clock`` gives epoch seconds."""
        self._table = table
        self._clock = clock
        self._pauses: WeakValueDictionary[str, _Finishing] = WeakValueDictionary()
        self._written_here: set[str] = set()

    async def pause(self, key: str, seconds: float, longest: float) -> Answer | None:
        """Wait until this very process finishes the answer, and return it: ``longest`` seconds at most if it
        is writing it, else ``seconds``, since only the table tells then."""
        finishing = self._pauses.setdefault(key, _Finishing())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(longest if key in self._written_here else seconds):
                await finishing.wait()
        return finishing.answer

    def claim(self, key: str, openid: str, question: str) -> tuple[Answer, bool]:
        """Return the answer to a message, and whether this call was the first to ask for it.

        ``key`` tells the message from all others. Every call after the first counts as one more of
        WeChat's attempts. Raises StoreError.
        """
        now = self._clock()
        item: Item = {
            "pk": _pk(key),
            "sk": "-",
            "openid": openid,
            "question": question,
            "id": time_ordered_id(now),
            "at": now,
            "state": "pending",
            "attempts": 1,
            "ttl": int(now) + ANSWER_SECONDS,
        }
        if self._table.put(item, unless_exists=True):
            return _answer(item), True
        repeated = self._table.update(_pk(key), "-", add={"attempts": 1})
        return _answer(repeated or item), False

    def get(self, key: str) -> Answer | None:
        """Return an answer as it stands, or None when it is unknown or expired. Raises StoreError."""
        item = self._table.get(_pk(key), "-")
        return _answer(item) if item else None

    def publish(self, key: str, link: str) -> None:
        """Let whoever has ``link`` (which nobody can guess) read the answer. Raises StoreError."""
        ttl = int(self._clock()) + ANSWER_SECONDS
        self._table.put({"pk": f"link#{link}", "sk": "-", "answer": key, "ttl": ttl})

    def behind(self, link: str) -> Answer | None:
        """Return the answer that was published under a link, or None. Raises StoreError."""
        pointer = self._table.get(f"link#{link}", "-") if _LINK.fullmatch(link) else None
        return self.get(pointer["answer"]) if pointer else None

    def begin(self, key: str, writer: str) -> Answer | None:
        """Make ``writer`` the one that writes, unless the answer is finished or somebody else is writing.

        What an earlier writer left behind goes, except for what the follower has already been shown. Returns
        None when it is not to be written now: see ``get`` for why. Beginning again is no change. Raises
        StoreError.
        """
        # Most answers are as they were claimed: then nothing need be read first.
        begun = self._take_over(key, writer, _CLAIMED)
        if begun is None:
            answer = self.get(key)
            if answer is None or answer.finished:
                return None
            if answer.state == "writing" and answer.writer != writer and not answer.stale(self._clock()):
                return None
            begun = self._take_over(key, writer, answer)
        if begun is not None:
            self._written_here.add(key)
        return begun

    def _take_over(self, key: str, writer: str, found: Answer) -> Answer | None:
        """Make ``writer`` the one that writes an answer, unless it is not as it was ``found``."""
        item = self._table.update(
            _pk(key),
            "-",
            set={
                "state": "writing",
                "writer": writer,
                "beat": self._clock(),
                "text": found.text[: found.shown],
            },
            if_equals={"state": found.state, "writer": found.writer or None, "shown": found.shown or None},
        )
        return _answer(item) if item else None

    def write(self, key: str, writer: str, text: str) -> bool:
        """Store the text so far and give a sign of life. False: another writer has taken over, or it was
        given up: stop. Raises StoreError."""
        changes = {"text": text, "beat": self._clock()}
        item = self._table.update(
            _pk(key), "-", set=changes, if_equals={"writer": writer, "state": "writing"}
        )
        if item is None:
            self._written_here.discard(key)
        return item is not None

    def release(self, key: str, writer: str) -> None:
        """Let another writer begin at once: this one will not finish. Raises StoreError."""
        self._written_here.discard(key)
        changes = {"state": "pending", "writer": None, "beat": None}
        self._table.update(_pk(key), "-", set=changes, if_equals={"writer": writer, "state": "writing"})

    def finish(
        self, key: str, writer: str, text: str, failure: str = "", took: Mapping[str, int] | None = None
    ) -> Answer | None:
        """Store the whole text; it will not change any more. None: another writer has taken over, or it was
        given up.

        Finishing again is no change: the answer of the first call may have been lost on its way. Raises
        StoreError.
        """
        changes = {
            "text": text,
            "state": "finished",
            "failure": failure or None,
            "beat": self._clock(),
            "took": dict(took) if took else None,
        }
        item = self._table.update(
            _pk(key), "-", set=changes, if_equals={"writer": writer, "state": "writing"}
        )
        self._written_here.discard(key)
        if item is None:
            answer = self.get(key)
            mine = answer and answer.finished and answer.writer == writer and answer.text == text
            return answer if mine else None
        finished = _answer(item)
        if pause := self._pauses.pop(key, None):
            pause.answer = finished
            pause.set()
        return finished

    def give_up(self, answer: Answer, text: str) -> bool:
        """Finish an answer that nobody writes any more, with ``text`` after what is there.

        False: it has changed in the meantime. Raises StoreError.
        """
        changes = {"text": answer.text + text, "state": "finished", "failure": "abandoned"}
        unchanged = {"state": answer.state, "beat": answer.beat or None}
        return self._table.update(_pk(answer.key), "-", set=changes, if_equals=unchanged) is not None

    def hand_over(
        self, key: str, delivery: str, cut: Cut, *, unfinished: bool, known: Answer | None = None
    ) -> Part | None:
        """Return the part of an answer that belongs to one delivery, the next unshown one if it is new.

        A delivery that asks again gets the same part. While the answer is being written there is nothing
        to hand over (None), unless ``unfinished`` parts are wanted too; such a part may be empty. None
        also when the answer has expired. What is ``known`` of the answer need not be read. Raises StoreError.
        """
        while answer := known or self.get(key):
            known = None
            if delivery in answer.parts:
                start, end = answer.parts[delivery]
                return Part(answer, start, end)
            if not answer.finished and not unfinished:
                return None
            end = cut(answer.text, answer.shown, answer.finished)
            item = self._table.update(
                _pk(key),
                "-",
                set={
                    "shown": end or None,
                    "shown_at": self._clock(),
                    "parts": {**answer.parts, delivery: [answer.shown, end]},
                },
                if_equals={
                    "shown": answer.shown or None,
                    "parts": answer.parts or None,
                    "state": answer.state,
                    "writer": answer.writer or None,
                },
            )
            if item is not None:
                part = Part(_answer(item), answer.shown, end)
                if not part.last:
                    self.note_unread(answer)
                return part
        return None

    def take_back(self, part: Part, delivery: str) -> None:
        """Undo ``hand_over`` for a part that did not reach the follower after all. Raises StoreError."""
        key = part.answer.key
        while (answer := self.get(key)) and delivery in answer.parts and answer.shown >= part.end:
            # Also when a later part has been shown meanwhile: rather read twice than never.
            parts = {name: where for name, where in answer.parts.items() if name != delivery}
            taken_back = self._table.update(
                _pk(key),
                "-",
                set={"shown": part.start or None, "parts": parts or None},
                if_equals={"shown": answer.shown or None, "parts": answer.parts},
            )
            if taken_back is not None:
                self.note_unread(answer)
                return

    def unread(self, openid: str) -> Answer | None:
        """Return the follower's latest answer that is not all shown, or None. Raises StoreError."""
        while pointers := self._table.query(f"unread#{openid}", limit=20, newest_first=True):
            for pointer in pointers:
                answer = self.get(pointer["answer"])
                if answer and not answer.all_shown:
                    return answer
                self._table.delete(pointer["pk"], pointer["sk"])
        return None

    def forget_read(self, openid: str) -> None:
        """Let go of the follower's answers that are all shown, so that ``unread`` need not look at them.

        Raises StoreError.
        """
        for pointer in self._table.query(f"unread#{openid}", limit=20):
            answer = self.get(pointer["answer"])
            if answer is None or answer.all_shown:
                self._table.delete(pointer["pk"], pointer["sk"])

    def bind(self, delivery: str, openid: str) -> tuple[str, int]:
        """Return which answer a 继续 continues ("" if none), and how often WeChat has delivered it.

        The choice is made once for a message, so that its repetitions continue the same answer. Raises
        StoreError.
        """
        pk = f"continue#{delivery}"
        if self._table.get(pk, "-") is None:
            source = self.unread(openid)
            key = source.key if source else ""
            item = {"pk": pk, "sk": "-", "answer": key, "attempts": 1, "ttl": int(self._clock()) + 600}
            if self._table.put(item, unless_exists=True):
                return key, 1
        counted = self._table.update(pk, "-", add={"attempts": 1}) or {}
        return counted.get("answer", ""), counted.get("attempts", 1)

    def note_unread(self, answer: Answer) -> None:
        """Let 继续 find the answer, until it is all shown. Raises StoreError."""
        ttl = int(self._clock()) + ANSWER_SECONDS
        self._table.put({"pk": f"unread#{answer.openid}", "sk": answer.id, "answer": answer.key, "ttl": ttl})

    def forget_unread(self, openid: str) -> None:
        """Let the follower's unread answers go. Raises StoreError."""
        while pointers := self._table.query(f"unread#{openid}", limit=50):
            for pointer in pointers:
                self._table.delete(pointer["pk"], pointer["sk"])


def _pk(key: str) -> str:
    return f"answer#{key}"


def _answer(item: Mapping[str, Any]) -> Answer:
    return Answer(
        key=item["pk"].removeprefix("answer#"),
        openid=item.get("openid", ""),
        question=item.get("question", ""),
        id=item.get("id", ""),
        at=item.get("at", 0.0),
        state=item.get("state", "pending"),
        attempts=item.get("attempts", 1),
        text=item.get("text", ""),
        failure=item.get("failure", ""),
        shown=item.get("shown", 0),
        shown_at=item.get("shown_at", 0.0),
        parts=item.get("parts", {}),
        writer=item.get("writer", ""),
        beat=item.get("beat", 0.0),
        took=item.get("took", {}),
    )
