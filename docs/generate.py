"""Writes docs/verbs.md, docs/errors.md, docs/moderation.md and docs/metrics.md from the code: `python
docs/generate.py`. A test fails when one of them is out of date.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
from msgspec import inspect
from twisted.internet.task import Clock

from chat import rest
from chat.config import Config, UserOptions
from chat.errors import ErrorCode, Refusal
from chat.ichat import IEndpoint
from chat.plugin import Requires
from chat.rights import TABLE, Act, Standing
from chat.server import Server
from chat.wire.slots import slot_codes, slot_table

HEAD = """# Verbs

Generated from the code by `docs/generate.py`. A slot without a code for `missing` may be left out, one without a
code for `too long` is bounded by the frame alone.

"""


MODERATION_HEAD = """# Who may do what to whom

Generated from `chat/rights.py` by `docs/generate.py`.

The configuration declares roles: global ones (superuser, globalmod), in a channel (owner, admin), in a room (owner,
moderator). They can be given and taken while the server runs too; what is declared is there again after every start.
Who makes a room is its owner. Superusers and globalmods are the operators. The system is user `0`, who acts for
backends and timers. Who has several roles may do what any of them allows; who has none may none of this.

"""
MODERATION_FOOT = """
* **Rank.** Nobody below acts on an operator: no owner, admin or moderator kicks, mutes or bans one, deletes what one
  said, or gives or takes a role of one. A globalmod does not act on a superuser. Nobody acts on the system. A ban or
  mute that somebody of a higher rank has set may be made longer; it stays theirs, with the reason that they gave, and
  is neither made shorter nor ended. Who made it longer, and why, is told at once and stands in the audit log. The
  system is above superusers, these are above globalmods, and these above all others, who are of one rank.
* The admin room of a channel is never removed, has no rules of its own, and nobody has a role in it. It is for
  operators alone: what the table says of the channel's owners and admins does not hold there, and to them too it is as
  if it did not exist.
* In a private conversation nobody may any of this, and each owner takes back only what is their own.
* For mutes users have no command: backends mute, and plugins that ask for it in the name of a user. A mute stops
  messages and edits, whispers, and what is sent into the room or out of it. It does not stop what users set of
  themselves (`users.self_attributes`), reports, calls for operators and invitations: a ban does. Nor does it stop what
  the table allows: a muted owner or moderator still kicks, bans and renames, with reasons and names that the room
  reads. Who is to be kept from that as well loses the role.
* What users say they take back themselves, where `messages.sender_can_delete` allows it.
* What somebody may not list is answered as if it did not exist, to whatever is asked of it: rooms for members or
  operators alone, and rooms and channels that a rule for `list` hides, from bans too. Who has a role there, or is in
  it, may know of it. A room that the rules for `list` hide and those for `join` do not is found by its id where one
  joins, reads, or writes from another room.
* Who has a role in a room is its member as long. When the last one is taken, who is a member by nothing else is out of
  a room that is for members alone, and hears so as of a kick.
* A refusal has the code 705. What was done stands in the audit log, the table `audit` of the database: when, by whom
  and with which key of a backend, what, to whom, where, why, and until when.
"""


ERRORS_HEAD = """# Codes

Generated from `chat/errors.py` and the commands by `docs/generate.py`. What a client gets is `status_code`, and
`message`: the text, or a better one that names the slot or the rule. The HTTP status is that of the backend REST API
(200 for all of them where `rest.legacy_http_status` asks for it).

"""
ERRORS_FOOT = """
What comes first decides: the frame and its rate, the login, the verb, the slots in the order of [verbs.md](verbs.md),
the guards (bans and mutes), the rights and access rules, and then what the command is about. Each code has a test that
provokes it, in `tests/test_every_code.py`. A mute is answered to messages, edits and whispers alone: the reasons of
kicks and bans and the names of rooms, which a room reads too, are not stopped ([moderation.md](moderation.md)). Guards
and authenticators of other plugins may answer with any code.
"""
METRICS_HEAD = """# Metrics

Generated from the catalogue in `chat/watching.py` and from what plugins count, by `docs/generate.py`.

`GET /metrics` on the backend endpoint answers in the text format of Prometheus: without a key from loopback, else with
one that may read.

    curl http://127.0.0.1:8081/metrics

"""
METRICS_FOOT = """
Besides there is what the interpreter and the system say of the process: `process_*` (processor time, memory, open
files, begin) and `python_*` (version, garbage collections).

Counters begin at 0 with the server. A label has at most 200 values; what comes after these is counted as `other`.
Times are in seconds, from 0.1 ms to 10 s. Taking the numbers is quick, and the text is made in a thread of its own.

## What to look at

| question | look at |
|---|---|
| Is the processor enough? | `chat_reactor_lag_seconds`: p99 above 0.1 s means that everybody waits |
| Is the disk? | `chat_store_commit_seconds`, and `chat_store_waiting`, of which 10,000 are taken at the most |
| What do clients wait for? | `histogram_quantile(0.99, sum by (le, verb) (rate(chat_command_seconds_bucket[5m])))` |
| Who is refused, and why? | `sum by (code) (rate(chat_refusals_total[5m]))`, with the codes of [errors.md](errors.md) |
| Which client cannot keep up? | `rate(chat_closings_total{code="4008"}[5m])` |
| Which observer cannot? | `chat_observer_dropped_total` |
| How many hear one event? | `rate(chat_deliveries_total[5m]) / sum(rate(chat_events_total[5m]))` |

`etc/grafana/chat.json` is a dashboard that shows all of these: import it, and choose the source of the data.

## Metrics of plugins

    self._polls = services.metrics.counts("chat_polls_total", "Polls that were begun.", "kind")
    self._polls.add("secret")

Make an instrument once, when the plugin is built. `timings` measures how long something takes, `show` takes what is
known anyway; see `chat/metrics.py`.
"""
# What comes below this in rest.md is generated.
CALLS = "## Calls\n"
# Every plugin that comes with the server.
EVERYTHING = Config(
    users=UserOptions(public_attributes=()),
    plugins={"enable": ["whisper-contacts", "whisper-preferences"]},
)


def verbs_page() -> str:
    """Every verb that clients can call, with its words, slots and their codes."""
    verbs = Server(Config(), Clock()).pipeline.verbs
    page = HEAD
    for verb in sorted((verb for verb in verbs if verb.event), key=lambda verb: verb.event or ""):
        words = " or ".join(f"`{word}`" for word in verb.verbs) or "none"
        login = "" if verb.requires is Requires.LOGGED_IN else " No login needed."
        page += f"## {verb.event}\n\n{summary(type(verb).__doc__)} Body verb: {words}.{login}\n\n"
        rows = slot_table(verb.request)
        if rows:
            page += "| slot | kind | missing | malformed | too long |\n|---|---|---|---|---|\n"
            page += "".join(f"| `{path}` | {' | '.join(cells)} |\n" for path, *cells in rows) + "\n"
    return page.rstrip("\n") + "\n"


def errors_page() -> str:
    """Every code, with what it comes from and the commands that answer it."""
    answering = answers()
    page = ERRORS_HEAD + "| code | name | HTTP | text | cause | answered by |\n|---|---|---|---|---|---|\n"
    for code in ErrorCode:
        row = code.value
        cells = [str(row.wire), code.name, str(row.http), row.text, row.cause, _answered_by(row, answering[code])]
        page += f"| {' | '.join(cells)} |\n"
    return page + ERRORS_FOOT


def _answered_by(row: Refusal, commands: set[str]) -> str:
    if row.unreachable:
        return f"nothing: {row.unreachable}"
    return "all" if row.anywhere else ", ".join(sorted(commands))


def answers() -> dict[ErrorCode, set[str]]:
    """For every code the commands that answer it: those whose slots or docstrings, or those of their guards, name it.
    Commands that clients do not have are called by what they tell users, with `(backend)`.
    """
    pipeline = Server(EVERYTHING, Clock()).pipeline
    found: dict[ErrorCode, set[str]] = {code: set() for code in ErrorCode}
    for verb in pipeline.verbs:
        command = verb.event or f"{verb.reply_event.removeprefix('gn_')} (backend)"
        guards = [guard for guard in pipeline.guards if guard.verbs is None or verb.event in guard.verbs]
        named = {code for part in (verb, *guards) for kind in type(part).__mro__ for code in codes_in(kind.__doc__)}
        for code in named | slot_codes(verb.request):
            found[code].add(command)
    return found


def codes_in(docstring: str | None) -> set[ErrorCode]:
    """The codes that a docstring names. Raises ValueError for one that leaves them to another: they would be lost."""
    if re.search(r"[Rr]aises\s+what", docstring or ""):
        raise ValueError(f"the codes are to be named: {docstring}")
    words = re.findall(r"[A-Z][A-Z0-9_]+", docstring or "")
    return {ErrorCode[word] for word in words if word in ErrorCode.__members__}


def moderation_page() -> str:
    """Who may do what to whom."""
    columns = list(Standing)
    page = MODERATION_HEAD + f"| | {' | '.join(one.value for one in columns)} |\n" + "|---" * (len(columns) + 1) + "|\n"
    for name, allowed in _rows():
        page += f"| {name} | {' | '.join('yes' if one in allowed else '' for one in columns)} |\n"
    return page + MODERATION_FOOT


def _rows() -> Iterator[tuple[str, frozenset[Standing]]]:
    """The rows of the table, two where temporary rooms differ."""
    for act in Act:
        row = TABLE[act]
        yield act.value + ("" if row.in_temporary is None else " that stays"), row.who
        if row.in_temporary is not None:
            yield f"{act.value} that is temporary", row.in_temporary


def metrics_page() -> str:
    """Everything that a server shows of itself."""
    rows = sorted(Server(Config(), Clock()).services.metrics.catalogue, key=lambda one: one.name)
    page = METRICS_HEAD + "| name | kind | by | what |\n|---|---|---|---|\n"
    for one in rows:
        page += f"| `{one.name}` | {one.kind.value} | {one.label} | {one.text} |\n"
    return page + METRICS_FOOT


def rest_page() -> str:
    """What stands in the page about the API as a whole, and then every call of it."""
    page = (Path(__file__).parent / "rest.md").read_text(encoding="utf-8")
    head, _, _ = page.partition(CALLS)
    calls = Server(EVERYTHING, Clock()).endpoints
    return head + CALLS + "".join(_call(one) for one in sorted(calls, key=lambda one: (one.path, one.method)))


def _call(endpoint: IEndpoint) -> str:
    about, body = _about(type(endpoint)), _body(inspect.type_info(endpoint.body))
    return f"\n### {endpoint.method} /{endpoint.path}\n\nScope `{endpoint.scope.value}`. {about}\n\n{body}"


def _about(kind: type) -> str:
    """What a class says of itself, with the values of constants that it names."""
    constants = vars(rest) | vars(sys.modules[kind.__module__])
    return re.sub(r"\b[A-Z][A-Z_]+\b", lambda name: str(constants.get(name[0], name[0])), summary(kind.__doc__))


def _body(kind: Any) -> str:
    """What the body is, and the table of the fields of the objects in it."""
    inside, lead = kind, ""
    if isinstance(kind, inspect.DictType):
        inside, lead = kind.value_type, "The body has an object for each id, which is its key. "
    if isinstance(inside, inspect.Metadata):
        inside = inspect.type_info((inside.extra or {})["entry"])
    if not isinstance(inside, inspect.StructType):
        return f"The body is a {_type(kind)}.\n"
    if not inside.fields:
        return "No body.\n"
    rows = "".join(f"| `{one.encode_name}` | {_type(one.type)} | {_default(one)} |\n" for one in inside.fields)
    return f"{lead}{_about(inside.cls)}\n\n| field | type | default |\n|---|---|---|\n{rows}"


def _default(field: Any) -> str:
    default = field.default
    if field.required:
        return "required"
    return "none" if default in (None, (), "", msgspec.NODEFAULT) else f"`{msgspec.json.encode(default).decode()}`"


def _type(kind: Any) -> str:
    """A type in words."""
    return WORDS[type(kind)](kind)


def _number(kind: Any) -> str:
    bounds = [f" from {kind.ge}"] if kind.ge is not None else []
    bounds += [f" to {kind.le}"] if kind.le is not None else []
    return "number" + "".join(bounds)


def _list(kind: Any) -> str:
    return f"list of {_type(kind.item_type)}"


def _either(kind: Any) -> str:
    return " or ".join(_type(one) for one in kind.types if not isinstance(one, inspect.NoneType))


WORDS: dict[type, Callable[[Any], str]] = {
    inspect.StrType: lambda kind: "text",
    inspect.BoolType: lambda kind: "true or false",
    inspect.AnyType: lambda kind: "anything",
    inspect.IntType: _number,
    inspect.FloatType: _number,
    inspect.DateTimeType: lambda kind: "time",
    inspect.UnionType: _either,
    inspect.VarTupleType: _list,
    inspect.ListType: _list,
    inspect.LiteralType: lambda kind: " or ".join(f"`{value}`" for value in kind.values),
    inspect.EnumType: lambda kind: " or ".join(f"`{one.value}`" for one in kind.cls),
    inspect.DictType: lambda kind: f"object of {_type(kind.value_type)} by {_type(kind.key_type)}",
    inspect.StructType: lambda kind: "object with " + ", ".join(f"`{one.encode_name}`" for one in kind.fields),
}


def summary(docstring: str | None) -> str:
    """The first paragraph of a docstring on one line."""
    return " ".join((docstring or "").split("\n\n")[0].split())


PAGES = {
    "verbs.md": verbs_page,
    "errors.md": errors_page,
    "metrics.md": metrics_page,
    "moderation.md": moderation_page,
    "rest.md": rest_page,
}

if __name__ == "__main__":
    for name, page in PAGES.items():
        (Path(__file__).parent / name).write_text(page(), encoding="utf-8")
