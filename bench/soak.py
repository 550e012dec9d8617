"""Many users come, talk, join, leave and lose their connections, and it is checked that nothing is lost meanwhile.

    python bench/soak.py --port 8080 --backend 8081 --key KEY --room ID --room ID --clients 2000 --seconds 60

Every session checks what it hears (see `talking.py`): the messages of a room in the order of their numbers, without a
gap, from its join on to its leave, with at least all that were acknowledged before; who is there, by the events, is in
the end who has joined by the replies. Then all are gone, and the server is to be as it was after everybody had come and
gone once before. The server has the plugin `plugins/probe.py` and the open authenticator; prints one line of JSON, and
exits with 0 when nothing was lost.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import resource
import sys
import time
import urllib.request
from collections import Counter
from pathlib import Path
from typing import Any

from talking import Client, Ledger

AT_ONCE = 50
LISTENERS = 0.1
SETTLE_S = 30.0
PAGE = 200
MOST_ROOMS = 3
# The part of the time or of the operations that goes into the first round.
WARM_UP = 1 / 2
# How often a user does what, out of these together.
DEEDS = {"say": 60, "leave": 15, "join": 15, "reconnect": 10}


class User:
    """A user with one session that acts, and perhaps another one that only listens."""

    def __init__(self, crowd: Crowd, number: int) -> None:
        self.id = f"u{number}"
        self._crowd = crowd
        self._chance = random.Random(f"{crowd.seed} {number}")
        self._home = crowd.rooms[number % len(crowd.rooms)]
        self._listens = self._chance.random() < LISTENERS
        self._acting: Client | None = None
        self._listening: Client | None = None

    @property
    def sessions(self) -> list[Client]:
        """Those that are there."""
        return [one for one in (self._acting, self._listening) if one is not None]

    async def come(self) -> None:
        """Connect and go home."""
        self._acting = await Client.connect(self._crowd.ledger, self._crowd.port, self.id)
        await self._enter(self._acting, self._home)
        if self._listens and self._listening is None:
            self._listening = await Client.connect(self._crowd.ledger, self._crowd.port, self.id)
            await self._enter(self._listening, self._home)

    async def go(self) -> None:
        """End everything."""
        for session in self.sessions:
            await session.end(politely=self._chance.random() < 0.5)
        self._acting = self._listening = None

    async def act(self) -> str:
        """Do something; what it was."""
        assert self._acting is not None
        deed = self._chance.choices([*DEEDS], [*DEEDS.values()])[0]
        rooms = list(self._acting.rooms)
        others = [room_id for room_id in self._crowd.rooms if room_id not in rooms]
        if deed == "reconnect":
            await self._reconnect()
        elif not rooms or (deed == "join" and len(rooms) < MOST_ROOMS and others):
            deed = "join"
            await self._enter(self._acting, self._chance.choice(others))
        elif deed == "leave":
            await self._leave(self._acting, self._chance.choice(rooms))
        else:
            deed = "say"
            await self._acting.say(self._chance.choice(rooms), f"{self.id} says something")
        return deed

    async def _enter(self, session: Client, room_id: str) -> None:
        await session.join(room_id)
        self._crowd.ledger.inside.setdefault(room_id, set()).add(self.id)

    async def _leave(self, session: Client, room_id: str) -> None:
        head = self._crowd.ledger.heads[room_id]
        self._crowd.ledger.inside[room_id].discard(self.id)
        await session.leave(room_id)
        if self._listening is not None and room_id in self._listening.rooms:
            await self._listening.put_out(room_id, head)

    async def _reconnect(self) -> None:
        assert self._acting is not None
        acting, self._acting = self._acting, None
        rooms = list(acting.rooms)
        await acting.end(politely=self._chance.random() < 0.5)
        if self._listening is None:
            for room_id in rooms:
                self._crowd.ledger.inside[room_id].discard(self.id)
        await self.come()


class Crowd:
    """All users."""

    def __init__(self, asked: argparse.Namespace) -> None:
        self.ledger = Ledger()
        self.port: int = asked.port
        self.rooms: list[str] = asked.room
        self.seed: int = asked.seed
        self.done: Counter[str] = Counter()
        self._asked = asked
        self.users = [User(self, number) for number in range(asked.clients)]
        self._left = 0

    async def come(self) -> None:
        """Let everybody in."""
        await _together([user.come() for user in self.users])

    async def act(self, share: float = 1.0) -> None:
        """Everybody acts until the time is over, or as much as was asked is done; or this share of it."""
        until = time.monotonic() + self._asked.seconds * share
        self._left = int(self._asked.operations * share) or sys.maxsize
        await _together([self._keep_acting(user, until) for user in self.users], len(self.users))

    async def _keep_acting(self, user: User, until: float) -> None:
        chance = random.Random(f"{self.seed} pauses of {user.id}")
        pause_s = len(self.users) / self._asked.rate if self._asked.rate else 0
        while time.monotonic() < until and self._left > 0:
            self._left -= 1
            await asyncio.sleep(pause_s * 2 * chance.random())
            self.done[await user.act()] += 1

    async def check(self) -> None:
        """When all is quiet everybody has seen everything."""
        for user in self.users:
            for session in user.sessions:
                await session.call("connect", {})
        deadline = time.monotonic() + SETTLE_S
        while (unlike := self._unlike()) and time.monotonic() < deadline:
            await asyncio.sleep(0.05)
        for problem in unlike:
            self.ledger.note(problem)
        await self._check_lists()

    def _unlike(self) -> list[str]:
        """Where what a session saw is not what happened."""
        found = []
        for user in self.users:
            for session in user.sessions:
                for room_id, room in session.rooms.items():
                    if room.last != self.ledger.heads[room_id]:
                        found.append(f"{user.id} saw {room_id} up to {room.last} of {self.ledger.heads[room_id]}")
                    if room.seen != self.ledger.inside[room_id]:
                        found.append(f"{user.id} sees others in {room_id}: {room.seen ^ self.ledger.inside[room_id]}")
        return found

    async def _check_lists(self) -> None:
        for room_id, inside in self.ledger.inside.items():
            found: list[str] = []
            while len(found) < len(inside):
                page = {"url": len(found), "summary": PAGE}
                body = {"verb": "list", "target": {"id": room_id}, "object": page}
                listed = (await self.users[0].sessions[0].call("users_in_room", body))["object"]
                found += [user["id"] for user in listed["attachments"]]
                if not listed["attachments"]:
                    break
            if sorted(found) != sorted(inside):
                self.ledger.note(f"{room_id} lists {len(found)} users of {len(inside)}")

    async def go(self) -> None:
        """Everybody goes at once."""
        await _together([user.go() for user in self.users], len(self.users))
        self.ledger.inside.clear()


async def _together(tasks: list[Any], at_once: int = AT_ONCE) -> None:
    """Do all, so many at the same time."""
    places = asyncio.Semaphore(at_once)

    async def one(task: Any) -> None:
        async with places:
            await task

    await asyncio.gather(*map(one, tasks))


class Server:
    """The server, seen from outside."""

    def __init__(self, asked: argparse.Namespace) -> None:
        self._asked = asked
        self._files = Path("/proc") / str(asked.pid)

    def rss_kb(self) -> int:
        """The resident memory."""
        lines = (self._files / "status").read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))

    def cpu_s(self) -> float:
        """User and system time."""
        words = (self._files / "stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")

    def look(self) -> dict[str, Any]:
        """What the probe says, and the memory after that."""
        request = urllib.request.Request(f"http://127.0.0.1:{self._asked.backend}/probe")
        request.add_header("Authorization", f"Bearer {self._asked.key}")
        with urllib.request.urlopen(request, timeout=SETTLE_S) as answer:
            found: dict[str, Any] = json.load(answer)["data"]
        return found | {"rss_kb": self.rss_kb()}

    async def when_empty(self) -> dict[str, Any]:
        """The same, once nobody is online any more and what waited for them has been let go."""
        deadline = time.monotonic() + SETTLE_S
        before, found = None, self.look()
        while time.monotonic() < deadline and (found["users"] or before is None or found["objects"] < before):
            await asyncio.sleep(0.2)
            before, found = found["objects"], self.look()
        return found


async def soak(asked: argparse.Namespace) -> dict[str, Any]:
    """A short round first, so that the server has had them all and its caches are filled; then the real one."""
    server, crowd = Server(asked), Crowd(asked)
    looks = [server.look()]
    for share in (WARM_UP, 1.0):
        begun_s, begun_cpu_s = time.monotonic(), server.cpu_s()
        await crowd.come()
        await crowd.act(share)
        peak_rss_kb = server.rss_kb()
        await crowd.check()
        await crowd.go()
        looks.append(await server.when_empty())
    times = {"elapsed_s": time.monotonic() - begun_s, "cpu_s": server.cpu_s() - begun_cpu_s}
    return report(crowd, looks) | times | {"peak_rss_kb": peak_rss_kb}


def report(crowd: Crowd, looks: list[dict[str, Any]]) -> dict[str, Any]:
    """What happened, and what the server held at first, after the first round and in the end."""
    ledger, (_, start, end) = crowd.ledger, looks
    grown = {name: count - start["kinds"].get(name, 0) for name, count in end["kinds"].items()}
    return {
        "clients": len(crowd.users),
        "problems": ledger.problem_count,
        "first_problems": ledger.problems,
        "left_over_users": end["users"],
        "done": dict(crowd.done),
        "messages": sum(ledger.heads.values()),
        "heard": dict(ledger.heard),
        "objects": [look["objects"] for look in looks],
        "rss_kb": [look["rss_kb"] for look in looks],
        "grown": {name: growth for name, growth in grown.items() if growth},
    }


def arguments() -> argparse.Namespace:
    """What is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, required=True, help="the public endpoint's port on 127.0.0.1")
    parser.add_argument("--backend", type=int, required=True, help="the backend endpoint's port on 127.0.0.1")
    parser.add_argument("--key", required=True, help="a backend key")
    parser.add_argument("--pid", type=int, required=True, help="the server's process")
    parser.add_argument("--room", action="append", required=True, metavar="ID", help="a room; give several")
    parser.add_argument("--clients", type=int, default=2000, help="users; every tenth has a second session")
    parser.add_argument("--seconds", type=float, default=60, help="how long they act at most")
    parser.add_argument("--operations", type=int, default=0, help="how much they do at most (0: any number)")
    parser.add_argument("--rate", type=float, default=0, help="what all do together in a second (0: what they can)")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def main() -> None:
    """Run, and print."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    result = asyncio.run(soak(arguments()))
    sys.stdout.write(json.dumps(result) + "\n")
    sys.exit(1 if result["problems"] or result["left_over_users"] else 0)


if __name__ == "__main__":
    main()
