"""Dice, on a whole server in memory. `python -m twisted.trial tests/test_dice.py` runs this, and so does pytest."""

from __future__ import annotations

from tempfile import TemporaryDirectory
from typing import Any

from twisted.internet import reactor
from twisted.internet.task import Clock
from twisted.trial.unittest import TestCase

from chat.config import Config
from chat.testing import MemoryServer
from chat.texts import text_of


def roll(room_id: str, **dice: int) -> dict[str, Any]:
    """The body of a `roll` command."""
    return {"verb": "roll", "target": {"id": room_id}, "object": dice}


class DiceTests(TestCase):
    """Each test has a server of its own, with the plugin switched on."""

    def server(self, **options: Any) -> MemoryServer:
        """A server whose clock stands still until `self.clock` is advanced."""
        self.clock = Clock()
        config = Config(data_dir=self.enterContext(TemporaryDirectory()), plugins={"enable": ["dice"], "dice": options})
        return MemoryServer(config, reactor, self.clock)

    async def test_the_room_hears_the_roll(self) -> None:
        async with self.server() as server:
            alice, bob, carol = server.client(), server.client(), server.client()
            for client, name in ((alice, "alice"), (bob, "bob"), (carol, "carol")):
                await client.login(name)
            room_id = await alice.join("General")
            await bob.join("General")
            reply = await alice.call("roll", roll(room_id, dice=3, sides=20))
            await bob.sync()
            await carol.sync()
            (heard,) = bob.heard("gn_rolled")
            assert reply == {"status_code": 200, "data": heard}
            assert heard["actor"]["id"] == "alice"
            faces = [int(face) for face in text_of(heard["object"]["content"], "content").split()]
            assert len(faces) == 3
            assert all(1 <= face <= 20 for face in faces)
            assert heard["object"]["total"] == sum(faces)
            assert carol.heard("gn_rolled") == []

    async def test_what_cannot_be_rolled(self) -> None:
        async with self.server(max_dice=2) as server:
            alice = server.client()
            assert (await alice.call("roll", roll("anywhere")))["status_code"] == 804
            await alice.login("alice")
            assert (await alice.call("roll", {"verb": "roll"}))["status_code"] == 502
            assert (await alice.call("roll", roll("nowhere")))["status_code"] == 802
            room_id = await alice.join("General")
            for dice in ({"dice": 3}, {"dice": 0}, {"sides": 1}, {"sides": 101}):
                assert (await alice.call("roll", roll(room_id, **dice)))["status_code"] == 706
            await alice.call("leave", {"verb": "leave", "target": {"id": room_id}})
            assert (await alice.call("roll", roll(room_id)))["status_code"] == 702

    async def test_a_roll_is_followed_by_a_pause(self) -> None:
        async with self.server(pause_s=5) as server:
            alice = server.client()
            await alice.login("alice")
            room_id = await alice.join("General")
            assert (await alice.call("roll", roll(room_id)))["status_code"] == 200
            await server.settle()
            self.clock.advance(4)
            refused = await alice.call("roll", roll(room_id))
            assert (refused["status_code"], refused["data"]) == (900, {"retry_after_s": 1})
            self.clock.advance(1)
            assert (await alice.call("roll", roll(room_id)))["status_code"] == 200

    async def test_who_comes_back_is_not_remembered(self) -> None:
        async with self.server() as server:
            for _ in range(2):
                alice = server.client()
                await alice.login("alice")
                room_id = await alice.join("General")
                assert (await alice.call("roll", roll(room_id)))["status_code"] == 200
                await alice.leave()
                await server.settle()
