"""Hosted pages over every pair of stores, and what is left when a store fails half-way."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.contract.backends import Clock
from wechat_oa.pages import (
    STALE_SECONDS,
    NameTakenError,
    NoSuchPageError,
    PageBusyError,
    PageContentError,
    PageNameError,
    Pages,
)
from wechat_oa.store.aws_blobs import S3Blobs
from wechat_oa.store.blobs import Blobs
from wechat_oa.store.local_blobs import FolderBlobs
from wechat_oa.store.table import StoreError, Table

PAGE = "<title>标题</title><p>简介"
OTHER = "<title>另一个</title><p>别的"


class Failing:
    """A store whose calls fail from the ``after``-th on, before (or after) they have done their work."""

    def __init__(self, store: Any) -> None:
        self._store = store
        self.calls = 0
        self.fails: Callable[[int, str], str] = lambda number, name: ""

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            number, self.calls = self.calls, self.calls + 1
            how = self.fails(number, name)
            if how == "before":
                raise StoreError(f"{name}: out of order")
            done = getattr(self._store, name)(*arguments, **named)
            if how == "after":
                raise StoreError(f"{name}: the answer was lost")
            return done

        return call


class World:
    """Pages, the stores below them, and what a cache was told."""

    def __init__(self, table: Table, blobs: Blobs, clock: Clock) -> None:
        self.clock = clock
        self.changed: list[str] = []
        # One count for both: a failure can be put between any two steps.
        self.table, self.blobs = Failing(table), Failing(blobs)
        self.real_blobs, self.real_table = blobs, table
        self.pages = self.of(self.table, self.blobs)

    def of(self, table: Any, blobs: Any) -> Pages:
        return Pages(
            table,
            blobs,
            base_url="https://pages.example.com/",
            max_bytes=1_000,
            changed=self.changed.append,
            clock=self.clock,
        )

    @property
    def calls(self) -> int:
        return self.table.calls + self.blobs.calls

    def fail(self, decide: Callable[[int, str], str]) -> None:
        """``decide`` is given the number of the call from now on, in both stores, and its name."""
        start = self.calls

        def fails(_: int, name: str) -> str:
            # This call is counted already.
            return decide(self.calls - 1 - start, name)

        self.table.fails = self.blobs.fails = fails

    def recover(self) -> None:
        self.table.fails = self.blobs.fails = lambda number, name: ""

    def whole(self, name: str = "a.html") -> str:
        """Return the page's content, "" if there is none; object, record and list must agree."""
        pages = self.of(self.real_table, self.real_blobs)
        listed = [page for page in pages.list().pages if page.name == name]
        blob = self.real_blobs.get(name)
        try:
            page = pages.info(name)
        except NoSuchPageError:
            assert listed == []
            assert blob is None
            return ""
        assert blob is not None
        assert [page] == listed
        assert page.size == len(blob.data)
        assert self.real_table.query("pages#unfinished") == []
        assert pages.read(name) == blob
        return blob.data.decode()


@pytest.fixture(params=["sqlite and folder", "moto", "dynamodb local and s3 server"])
def world(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> World:
    match request.param:
        case "sqlite and folder":
            return World(request.getfixturevalue("sqlite_table"), FolderBlobs(tmp_path / "blobs"), clock)
        case "moto":
            blobs = S3Blobs(request.getfixturevalue("s3"), request.getfixturevalue("bucket"))
            return World(request.getfixturevalue("moto_table"), blobs, clock)
        case _:
            served = S3Blobs(
                request.getfixturevalue("served_s3"), request.getfixturevalue("served_bucket"), "p/"
            )
            return World(request.getfixturevalue("dynamodb_local_table"), served, clock)


@pytest.fixture
def local_world(tmp_path: Path, sqlite_table: Table, clock: Clock) -> World:
    return World(sqlite_table, FolderBlobs(tmp_path / "blobs"), clock)


# ---- What works ----------------------------------------------------------------------------------------


def test_a_page_is_made_listed_described_read_and_deleted(world: World) -> None:
    pages = world.pages
    page = pages.generate(PAGE, "我的页")

    assert page.name == "我的页.html"
    assert page.url == "https://pages.example.com/%E6%88%91%E7%9A%84%E9%A1%B5.html"
    assert (page.title, page.description, page.size) == ("标题", "简介", len(PAGE.encode()))
    assert page.content_type == "text/html; charset=utf-8"
    assert page.created == page.updated == int(world.clock.now)
    assert pages.info("我的页") == pages.info("我的页.html") == page
    assert pages.read("我的页").data.decode() == PAGE
    assert pages.list().pages == [page]

    pages.delete("我的页")

    assert pages.list().pages == []
    for gone in (pages.info, pages.read, pages.delete):
        with pytest.raises(NoSuchPageError):
            gone("我的页")


def test_without_a_name_every_page_gets_a_new_one(world: World) -> None:
    names = {world.pages.generate(PAGE).name for _ in range(5)}

    assert len(names) == 5
    assert {page.name for page in world.pages.list().pages} == names


def test_a_page_is_overwritten_only_when_asked_and_keeps_its_place(world: World) -> None:
    first = world.pages.generate(PAGE, "a")
    world.clock.now += 10
    newer = world.pages.generate(PAGE, "b")

    with pytest.raises(NameTakenError, match=r"a\.html"):
        world.pages.generate(OTHER, "a")
    assert world.pages.info("a") == first
    assert world.changed == []

    world.clock.now += 10
    changed = world.pages.generate(OTHER, "a", overwrite=True)

    assert (changed.title, changed.created, changed.updated) == ("另一个", first.created, first.created + 20)
    assert world.pages.list().pages == [newer, changed]
    assert world.pages.read("a").data.decode() == OTHER
    assert world.changed == ["/a.html"]


def test_pages_are_listed_newest_first_in_stretches_that_meet(world: World) -> None:
    made = []
    for _ in range(7):
        made.append(world.pages.generate(PAGE))
        world.clock.now += 1

    found, cursor, stretches = [], "", 0
    while True:
        stretch = world.pages.list(cursor=cursor, limit=3)
        found += stretch.pages
        stretches += 1
        cursor = stretch.next
        if not cursor:
            break
    assert found == made[::-1]
    assert stretches == 3


def test_pages_made_within_a_millisecond_are_listed_by_their_times_across_a_second(
    sqlite_table: Table, tmp_path: Path
) -> None:
    readings = iter(1_700_000_000.99715 + number * 0.0001 for number in range(10_000))
    pages = Pages(
        sqlite_table,
        FolderBlobs(tmp_path / "blobs"),
        base_url="https://x.example",
        clock=lambda: next(readings),
    )

    made = [pages.generate(PAGE, f"p{number}") for number in range(40)]

    assert made[0].created < made[-1].created
    listed = [page.created for page in pages.list().pages]
    assert listed == sorted(listed, reverse=True)


def test_files_have_a_list_of_their_own(world: World) -> None:
    page = world.pages.generate(PAGE, "a")
    file = world.pages.add_file(b"abc", "MP_verify_x.txt")

    assert file.content_type == "text/plain; charset=utf-8"
    assert world.pages.list().pages == [page]
    assert world.pages.list(kind="file").pages == [file]
    assert world.pages.read("MP_verify_x.txt").data == b"abc"
    world.pages.delete("MP_verify_x.txt")
    assert world.pages.list(kind="file").pages == []


def test_of_many_at_once_one_gets_the_name(local_world: World) -> None:
    def generate(number: int) -> str:
        try:
            return local_world.pages.generate(f"<title>{number}", "a").title
        except (NameTakenError, PageBusyError):
            return ""

    with ThreadPoolExecutor(8) as threads:
        winners = [title for title in threads.map(generate, range(16)) if title]

    assert len(winners) == 1
    assert local_world.whole() == f"<title>{winners[0]}"


def test_visits_are_told_where_they_are_counted(world: World) -> None:
    world.pages.generate(PAGE, "a")
    assert world.pages.info("a").visits is None

    world.pages.count_visit("a.html")
    world.pages.count_visit("a.html")

    assert world.pages.info("a").visits == 2
    world.pages.delete("a")
    world.pages.generate(PAGE, "a")
    assert world.pages.info("a").visits is None


# ---- Bad input -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("html", ["", " \n", "a" * 1_001, "页" * 334, b"\xff\xfe<", b"\x80"])
def test_content_that_cannot_be_hosted_changes_nothing(local_world: World, html: str | bytes) -> None:
    local_world.pages.generate(PAGE, "a")

    with pytest.raises(PageContentError):
        local_world.pages.generate(html, "a", overwrite=True)
    assert local_world.whole() == PAGE


def test_the_mark_that_some_editors_put_first_is_taken_off(local_world: World) -> None:
    local_world.pages.generate(b"\xef\xbb\xbf" + PAGE.encode(), "a")

    assert local_world.whole() == PAGE


@pytest.mark.parametrize("name", ["../a", "/a", "a\x00", "ａ", "con", "a/b", "index"])
def test_names_that_cannot_be_are_refused_everywhere_and_nothing_is_read_or_written(
    local_world: World, name: str
) -> None:
    pages = local_world.pages
    for call in (pages.info, pages.read, pages.delete, lambda n: pages.generate(PAGE, n)):
        with pytest.raises(PageNameError):
            call(name)
    assert local_world.calls == 0


@pytest.mark.parametrize("cursor", ["x", "\x00", "\ud800", "9" * 5000, "' OR 1=1", "页" * 500])
def test_a_cursor_that_is_none_is_no_error(world: World, cursor: str) -> None:
    world.pages.generate(PAGE, "a")

    assert len(world.pages.list(cursor=cursor).pages) in (0, 1)


# ---- Half-way ------------------------------------------------------------------------------------------

TRUE_STORES = pytest.mark.parametrize(
    "world", ["sqlite and folder", "dynamodb local and s3 server"], indirect=True
)
"""Every step is failed in turn, which moto makes slow and no surer: it imitates what the others store."""

CHANGES: dict[str, tuple[str, Callable[[Pages], object]]] = {
    "generate": ("", lambda pages: pages.generate(PAGE, "a")),
    "overwrite": (OTHER, lambda pages: pages.generate(PAGE, "a", overwrite=True)),
    "delete": (OTHER, lambda pages: pages.delete("a")),
}
AFTERWARDS = {"generate": PAGE, "overwrite": PAGE, "delete": ""}


def steps(world: World, change: str) -> int:
    """Return how many calls a change makes when nothing fails."""
    before, act = CHANGES[change]
    if before:
        world.pages.generate(before, "a")
    start = world.calls
    act(world.pages)
    return world.calls - start


def at(step: int, how: str, later: str = "") -> Callable[[int, str], str]:
    """Return how calls fail: the ``step``-th as ``how`` says, those after it as ``later``."""
    return lambda number, _: how if number == step else later if number > step else ""


def prepared(world: World, change: str) -> tuple[str, Callable[[Pages], object]]:
    for page in world.pages.list().pages:
        world.pages.delete(page.name)
    before, act = CHANGES[change]
    if before:
        world.pages.generate(before, "a")
    return before, act


@TRUE_STORES
@pytest.mark.parametrize("how", ["before", "after"])
@pytest.mark.parametrize("change", CHANGES)
def test_one_failing_step_leaves_a_whole_page_or_none_and_the_change_can_be_made_again(
    world: World, change: str, how: str
) -> None:
    for step in range(steps(world, change)):
        before, act = prepared(world, change)
        world.fail(at(step, how))
        try:
            act(world.pages)
            failed = False
        except StoreError:
            failed = True
        world.recover()

        left = world.whole()
        assert left in (before, AFTERWARDS[change]), f"step {step}"
        if not failed:
            assert left == AFTERWARDS[change]
        elif left == before:
            # Nobody has to wait before trying again.
            act(world.pages)
            assert world.whole() == AFTERWARDS[change]


@TRUE_STORES
@pytest.mark.parametrize("how", ["before", "after"])
@pytest.mark.parametrize("change", CHANGES)
def test_when_everything_fails_from_a_step_on_the_next_list_puts_it_right(
    world: World, change: str, how: str
) -> None:
    for step in range(steps(world, change)):
        before, act = prepared(world, change)
        # As if the process had died: not even the repair gets through.
        world.fail(at(step, how, later="before"))
        with suppress(StoreError):
            act(world.pages)
        world.recover()

        # Until then nobody else's change is mixed with it.
        world.clock.now += STALE_SECONDS + 1
        assert world.whole() in (before, AFTERWARDS[change]), f"step {step}"
        if change == "overwrite":
            act(world.pages)
            assert world.whole() == AFTERWARDS[change]


def test_a_change_that_may_still_be_running_is_not_touched(local_world: World) -> None:
    # Given a change whose process died after it had written the object
    local_world.fail(lambda number, name: "before" if number >= 5 else "")
    with pytest.raises(StoreError):
        local_world.pages.generate(PAGE, "a")
    local_world.recover()
    assert local_world.real_blobs.get("a.html") is not None

    # Then for a minute nobody else may change the page, nor see it
    local_world.clock.now += STALE_SECONDS - 1
    assert local_world.pages.list().pages == []
    with pytest.raises(PageBusyError):
        local_world.pages.generate(OTHER, "a")
    with pytest.raises(NoSuchPageError):
        local_world.pages.read("a")

    # And after that it is as if it had never been
    local_world.clock.now += 2
    assert local_world.pages.generate(OTHER, "a").title == "另一个"
    assert local_world.whole() == OTHER


def test_a_page_that_is_left_half_made_can_be_deleted(local_world: World) -> None:
    local_world.fail(lambda number, name: "before" if number >= 5 else "")
    with pytest.raises(StoreError):
        local_world.pages.generate(PAGE, "a")
    local_world.recover()
    local_world.clock.now += STALE_SECONDS + 1

    local_world.pages.delete("a")

    assert local_world.whole() == ""
    assert local_world.real_blobs.get("a.html") is None
