"""The short cut for text frames and the portions change nothing: the same bytes have the same effect."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from chat.config import Limits
from chat.wire.inbound import whole_text_frames
from chat.wire.pacing import CLOSING_PAUSE_S
from chat.wire.websocket import WebSocketFront, WebSocketLink
from tests.frames import HANDSHAKE, frame

LIMIT = 300


class Recording(WebSocketLink):
    """Keeps the messages that it gets."""

    def onOpen(self) -> None:
        self.heard: list[tuple[bytes, bool]] = []
        self.transport.registerProducer(self, True)

    def onMessage(self, payload: bytes, isBinary: bool) -> None:
        if self.state == self.STATE_OPEN:
            self.heard.append((payload, isBinary))

    def onClose(self, wasClean: bool, code: int | None, reason: str | None) -> None:
        self.end = (wasClean, code, reason)


class InSmallPortions(Recording):
    """Takes two frames at a time, or one of Autobahn's and a half."""

    frames_at_once = 2
    steps_at_once = 3


class Plain(Recording):
    """Lets Autobahn do everything, and at once."""

    def dataReceived(self, data: bytes) -> None:
        self._steps_left = 1_000_000
        self._dataReceived(data)


class Nobody:
    """Stands for the shared parts, of which little is looked at."""

    limits = Limits(frame_bytes=LIMIT)
    is_draining = False


def outcome(kind: type[Recording], chunks: list[bytes]) -> tuple[Any, ...]:
    """What was heard, what was answered, how it ended."""
    front: Any = Nobody()
    clock = Clock()
    factory = WebSocketFront(front, clock, ())
    factory.protocol = kind
    link: Any = factory.buildProtocol(None)
    transport = StringTransport()
    link.makeConnection(transport)
    link.dataReceived(HANDSHAKE)
    transport.clear()
    for chunk in chunks:
        if not transport.disconnecting:
            link.dataReceived(chunk)
        while link._next is not None:
            clock.advance(CLOSING_PAUSE_S)
    end = link.heard, transport.value(), transport.disconnecting, link.state
    link.connectionLost(Failure(ConnectionDone()))
    return end


PAYLOADS = st.one_of(
    st.text(max_size=40).map(str.encode),
    st.binary(max_size=20),
    st.integers(120, LIMIT + 20).map(lambda size: b"x" * size),
    st.just("ünïcödé".encode()[:-1]),
)
MASKS = st.binary(min_size=4, max_size=4)
USUAL = st.builds(frame, st.just(0x81), st.text(max_size=200).map(str.encode), MASKS, st.just(False))
ANY = st.builds(
    frame,
    st.sampled_from([0x81, 0x81, 0x01, 0x80, 0x00, 0x82, 0x89, 0x8A, 0xC1, 0x83, 0x88]),
    PAYLOADS,
    st.none() | MASKS,
    st.booleans(),
)
SIZES = st.sampled_from([0, 1, 125, 126, 127, LIMIT - 1, LIMIT, LIMIT + 1])
EDGES = st.builds(frame, st.just(0x81), SIZES.map(lambda size: b"x" * size), MASKS, st.booleans())
FRAMES = st.lists(st.one_of(USUAL, USUAL, EDGES, ANY), min_size=1, max_size=8)


@given(FRAMES, st.lists(st.integers(1, 400), max_size=12))
@settings(max_examples=400, deadline=None)
def test_the_same_effect_however_the_bytes_arrive(frames: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(frames)
    chunks = []
    for cut in cuts:
        chunks.append(stream[:cut])
        stream = stream[cut:]
    chunks = [chunk for chunk in (*chunks, stream) if chunk]
    plain = outcome(Plain, chunks)
    assert outcome(Recording, chunks) == plain
    assert outcome(InSmallPortions, chunks) == plain


@given(st.lists(st.text(max_size=300), max_size=6), MASKS)
@settings(deadline=None)
def test_usual_frames_are_taken_whole(texts: list[str], mask: bytes) -> None:
    payloads = [text.encode() for text in texts]
    stream = b"".join(frame(0x81, payload, mask, False) for payload in payloads)
    assert whole_text_frames(stream, 2000, 6) == (payloads, len(stream))
    assert whole_text_frames(stream + b"\x81", 2000, 7) == (payloads, len(stream))
    first, taken = whole_text_frames(stream, 2000, 2)
    assert first == payloads[:2]
    assert whole_text_frames(stream[taken:], 2000, 6)[0] == payloads[2:]
