"""Takes the desk's notices to Discord, each once, and tells the desk where it stands.

Refuses to die and to let one bad notice hold the others up: what fails is logged, set aside and
tried again, while a halt behind it goes out. Of scans only the newest waits.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

import aiohttp
import discord

from bot.posting import Poster, tag_of
from bot.render import Renderer
from engine.facade import (
    AnyNotice,
    DecisionNotice,
    Desk,
    PostRef,
    ProposalNotice,
    ProposalStatus,
    ProposalView,
    Refused,
    ScanNotice,
)

log = logging.getLogger(__name__)

FIRST_RETRY_SECONDS = 1.0
LAST_RETRY_SECONDS = 60.0
_RENDERINGS_BEFORE_PLAIN = 2

_OFFLINE = (aiohttp.ClientError, OSError, asyncio.TimeoutError, discord.DiscordServerError)


@dataclass(slots=True)
class _Waiting:
    """A notice that still has to go out."""

    notice: AnyNotice
    maybe_sent: bool
    failures: int = 0
    not_before: float = 0.0


class Announcer:
    """The only writer of posts and of cards' later states.

    Parameters
    ----------
    desk : Desk
    poster : Poster
    renderer : Renderer
    scan_min_gap_seconds : float, real seconds
        Least time between two scan posts.
    monotonic : callable
        Real seconds that never run backwards; the event loop's own by default.
    """

    def __init__(
        self,
        desk: Desk,
        poster: Poster,
        renderer: Renderer,
        scan_min_gap_seconds: float,
        monotonic: Callable[[], float] | None = None,
    ) -> None:
        self._desk = desk
        self._poster = poster
        self._renderer = renderer
        self._gap = scan_min_gap_seconds
        self._monotonic = monotonic
        self._waiting: list[_Waiting] = []
        self._scan: _Waiting | None = None
        self._scan_not_before = 0.0
        self._arrived = asyncio.Event()
        self._backlog_until = desk.status().journal_seq

    async def run(self) -> None:
        """Listen and post until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._listen(), name="announcer: listen")
            group.create_task(self._work(), name="announcer: post")

    async def _listen(self) -> None:
        async for notice in self._desk.posts.notices():
            self.take(notice)

    def take(self, notice: AnyNotice) -> None:
        """Queue a notice; a newer scan replaces one that still waits."""
        if any(each.notice.seq == notice.seq for each in self._waiting):
            return
        waiting = _Waiting(notice, maybe_sent=notice.seq <= self._backlog_until)
        if isinstance(notice, ScanNotice):
            self._scan = waiting
        else:
            self._waiting.append(waiting)
        self._arrived.set()

    async def _work(self) -> None:
        while True:
            self._arrived.clear()
            pause = await self.post_due()
            try:
                # Not wait_for: in Python 3.11 it can lose a cancellation that comes just then.
                async with asyncio.timeout(pause):
                    await self._arrived.wait()
            except TimeoutError:
                continue

    async def post_due(self) -> float | None:
        """Post whatever may go out now.

        Returns
        -------
        float or None
            Real seconds until the next one may; None when nothing waits.
        """
        while (due := self._next_due()) is not None:
            if await self._try(due):
                self._done(due)
        return self._pause()

    def _next_due(self) -> _Waiting | None:
        now = self._now()
        due = next((each for each in self._waiting if each.not_before <= now), None)
        if due is not None or self._scan is None:
            return due
        ready = max(self._scan.not_before, self._scan_not_before)
        return self._scan if ready <= now else None

    def _pause(self) -> float | None:
        times = [each.not_before for each in self._waiting]
        if self._scan is not None:
            times.append(max(self._scan.not_before, self._scan_not_before))
        return max(0.0, min(times) - self._now()) if times else None

    def _done(self, waiting: _Waiting) -> None:
        if waiting in self._waiting:
            self._waiting.remove(waiting)
        elif self._scan is waiting:
            self._scan = None

    async def _try(self, waiting: _Waiting) -> bool:
        try:
            await self._post(waiting)
        except _OFFLINE as error:
            self._set_aside(waiting, f"Discord cannot be reached ({error})")
            self._hold_everything(waiting.not_before)
            return False
        except Exception:
            log.exception("notice %s could not be posted", waiting.notice.seq)
            self._set_aside(waiting, "posting failed")
            return False
        if isinstance(waiting.notice, ScanNotice):
            self._scan_not_before = self._now() + self._gap
        return True

    def _set_aside(self, waiting: _Waiting, why: str) -> None:
        delay = min(LAST_RETRY_SECONDS, FIRST_RETRY_SECONDS * 2.0**waiting.failures)
        waiting.failures += 1
        waiting.maybe_sent = True
        waiting.not_before = self._now() + delay
        log.warning("notice %s waits %.0f s: %s", waiting.notice.seq, delay, why)

    def _hold_everything(self, until: float) -> None:
        # With Discord away each notice would fail alike: they wait together, in their order.
        for each in self._waiting:
            each.not_before = max(each.not_before, until)
        self._scan_not_before = max(self._scan_not_before, until)

    async def _post(self, waiting: _Waiting) -> None:
        notice = waiting.notice
        if isinstance(notice, ProposalNotice):
            post = await self._post_card(notice, waiting.maybe_sent)
            if post.of_seq != notice.seq:
                await self._desk.posts.posted(notice.seq, post.channel_id, post.message_id)
        elif isinstance(notice, DecisionNotice):
            await self._post_decision(notice, waiting.maybe_sent)
        else:
            await self._post_plainly(waiting)

    async def _post_plainly(self, waiting: _Waiting) -> None:
        notice = waiting.notice
        plainly = waiting.failures >= _RENDERINGS_BEFORE_PLAIN
        card = await (self._renderer.plain if plainly else self._renderer.card)(notice)
        tag = tag_of(notice.seq, notice.at.isoformat(), type(notice).__name__)
        sent = await self._poster.send(notice.place, card, tag, maybe_sent=waiting.maybe_sent)
        await self._stands(notice.seq, sent)

    async def _post_card(self, notice: ProposalNotice | DecisionNotice, retry: bool) -> PostRef:
        """Post a proposal's card in its present state, unless it stands already."""
        proposal = self._newest(notice.proposal)
        if proposal.post is not None:
            return proposal.post
        card = await self._renderer.proposal(proposal)
        sent = await self._poster.send(notice.place, card, _card_tag(proposal), maybe_sent=retry)
        return await self._stands(proposal.seq, sent)

    async def _post_decision(self, notice: DecisionNotice, retry: bool) -> None:
        # A card without a known post may have reached Discord all the same: look for it, then
        # edit whatever stands there.
        post = await self._post_card(notice, retry=True)
        proposal = self._newest(notice.proposal)
        card, tag = await self._renderer.proposal(proposal), _card_tag(proposal)
        if await self._poster.edit(int(post.channel_id), int(post.message_id), card, tag):
            await self._desk.posts.posted(notice.seq, post.channel_id, post.message_id)
            return
        sent = await self._poster.send(
            notice.place, card, tag_of(tag, notice.seq), maybe_sent=retry
        )
        await self._stands(notice.seq, sent)

    async def _stands(self, seq: int, sent: discord.Message) -> PostRef:
        post = PostRef(seq, str(sent.channel.id), str(sent.id))
        await self._desk.posts.posted(seq, post.channel_id, post.message_id)
        return post

    async def redraw(self, message: discord.Message, proposal: ProposalView) -> None:
        """Bring a card that shows an older state up to date."""
        if proposal.status is ProposalStatus.OPEN and proposal.asked:
            return
        card = await self._renderer.proposal(proposal)
        await self._poster.edit(message.channel.id, message.id, card, _card_tag(proposal))

    def _newest(self, proposal: ProposalView) -> ProposalView:
        found = self._desk.proposal(proposal.terms.id)
        return proposal if isinstance(found, Refused) else found

    def _now(self) -> float:
        clock = self._monotonic or asyncio.get_running_loop().time
        return clock()


def _card_tag(proposal: ProposalView) -> str:
    return tag_of(proposal.terms.id, proposal.short_hash, proposal.seq)
