"""SIGHUP: what a running server takes over, what it says of the rest, and what a mistake does."""

from __future__ import annotations

import datetime as dt
import hashlib
import signal
import socket
import ssl
from collections.abc import Callable
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from chat.texts import base64_of
from tests.clients import Client
from tests.running import ROOM_ID, RunningServer, wait_until

Run = Callable[..., RunningServer]
MUTED = f"/muted?room_id={ROOM_ID}"


def reload(server: RunningServer, old: str, new: str) -> str:
    """Change the configuration, reload; what the log says of it."""
    file = server.settings.file
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")
    before, reloads = len(server.log), server.log.count("reloaded: ")
    server.signal(signal.SIGHUP)
    wait_until(lambda: server.log.count("reloaded: ") > reloads)
    # What follows in the same turn of the reactor is there when the next answer is.
    assert server.is_ready()
    return server.log[before:]


def test_keys_and_log_are_taken_over(run_server: Run) -> None:
    server = run_server('[log]\nlevel = "info"')
    said = reload(server, "test-key", "next-key")
    assert "reloaded: backend.keys\n" in said
    assert "needs a restart" not in said
    assert server.http("GET", MUTED, key="test-key")[0] == 401
    assert server.http("GET", MUTED, key="next-key")[0] == 200
    said = reload(server, 'level = "info"', 'format = "json"')
    assert '"message": "reloaded: log.format"' in said
    assert "reloaded: nothing new" in reload(server, 'format = "json"', 'format = "json"')
    assert "log.level" in reload(server, 'format = "json"', 'format = "text"\nlevel = "debug"')
    server.settings.file.write_text(server.settings.file.read_text().replace("debug", "error"))
    server.signal(signal.SIGHUP)
    wait_until(lambda: not answer_is_logged(server))


def test_words_are_taken_over(run_server: Run) -> None:
    server = run_server('[content]\nblacklist = ["bad"]')
    with Client(server.url) as alice:
        alice.enter("alice", ROOM_ID)
        assert server.rest("POST", "/blacklist", {"word": base64_of("worst")})[0] == 200
        assert is_heard(alice) == [False, True, False]
        said = reload(server, '["bad"]', '["worse"]')
        assert "reloaded: content.blacklist\n" in said
        assert "needs a restart" not in said
        assert is_heard(alice) == [True, False, False]
        assert "content.blacklist: ' '" in reload(server, '["worse"]', '[" "]')
        assert is_heard(alice) == [True, False, False]
        assert "content.restricted_names needs a restart" in reload(server, '[" "]', "[]\nrestricted_names = []")
        assert is_heard(alice) == [True, True, False]


def is_heard(client: Client) -> list[bool]:
    """Which of some words others hear."""
    return ["seq" in client.say(word, ROOM_ID)["data"] for word in ("bad", "worse", "worst")]


def answer_is_logged(server: RunningServer) -> bool:
    """Whether a call is still worth a line, to a server that writes the line of a call before the next call."""
    before = len(server.log)
    assert server.is_ready()
    assert server.is_ready()
    return "/readyz" in server.log[before:]


def test_what_needs_a_restart_is_named(run_server: Run) -> None:
    server = run_server("[limits]\nframe_bytes = 70000\n[history]\nlimit = 5")
    said = reload(server, "70000", "80000\nburst = 50")
    assert "reloaded: nothing new\n" in said
    assert "limits.frame_bytes needs a restart\n" in said
    assert "limits.burst needs a restart\n" in said
    said = reload(server, f"tcp:{server.settings.public}:", "tcp:1:")
    assert "listen.public needs a restart\n" in said
    assert "limits.frame_bytes needs a restart\n" in said, "still not in force"
    said = reload(server, "80000\nburst = 50", "70000")
    assert "limits" not in said
    with Client(server.url) as client:
        assert client.login("alice")["status_code"] == 200


def test_a_mistake_changes_nothing(run_server: Run) -> None:
    server = run_server()
    good = server.settings.file.read_text(encoding="utf-8")
    for old, new, part in (
        ("[listen]", "[nonsense", "Expected ']'"),
        ("[listen]", "[listen]\ncolour = 5", "listen.colour: unknown key"),
        (f"tcp:{server.settings.public}", "tcp:x", "listen.public: tcp:x:interface=127.0.0.1: ValueError"),
        ("[[backend.keys]]", '[auth]\nkind = "palm"\n[[backend.keys]]', "auth.kind: there is no authenticator palm"),
    ):
        server.settings.file.write_text(good.replace("test-key", "next-key"), encoding="utf-8")
        said = reload(server, old, new)
        (line,) = [one for one in said.splitlines() if "reloaded" in one]
        assert f"#error] not reloaded: {server.settings.file}: " in line
        assert part in line
        assert server.http("GET", MUTED, key="next-key")[0] == 401
        assert server.rest("GET", MUTED)[0] == 200
    assert "Traceback" not in server.log


def certificate(file: Path, name: str) -> None:
    """A key and a certificate for it in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + dt.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))


def with_tls(configuration: str, file: Path) -> str:
    """The public place serves TLS."""
    head, tail = configuration.split("]\nbackend")
    return f'{head.replace("tcp:", "ssl:")[:-1]}:privateKey={file}"]\nbackend{tail}'


def anybody() -> ssl.SSLContext:
    """Trusts whoever answers."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def fingerprint(port: int) -> str:
    """Of the certificate that a new connection sees."""
    with socket.create_connection(("127.0.0.1", port)) as plain, anybody().wrap_socket(plain) as secure:
        return hashlib.sha256(secure.getpeercert(binary_form=True) or b"").hexdigest()


def test_a_new_certificate_is_shown_to_new_connections(run_server: Run, tmp_path: Path) -> None:
    file = tmp_path / "chat.pem"
    certificate(file, "first")
    server = run_server(
        change=lambda text: text.replace('public = ["tcp:', 'public = ["ssl:').replace(
            'interface=127.0.0.1"]\nbackend', f'interface=127.0.0.1:privateKey={file}"]\nbackend'
        )
    )
    port = server.settings.public
    first = fingerprint(port)
    with Client(f"wss://127.0.0.1:{port}/ws", ssl=anybody()) as alice:
        alice.enter("alice", ROOM_ID)
        certificate(file, "second")
        assert "the certificate of ssl:" in reload(server, "[listen]", "[listen]")
        second = fingerprint(port)
        assert second != first
        assert alice.say("still here", ROOM_ID)["status_code"] == 200
        with Client(f"wss://127.0.0.1:{port}/ws", ssl=anybody()) as bob:
            bob.enter("bob", ROOM_ID)
            assert alice.wait_for("gn_user_joined")["actor"]["id"] == "bob"
        file.write_text("nonsense")
        said = reload(server, "[listen]", "[listen]")
        assert "not reloaded: " in said
        assert fingerprint(port) == second
    assert server.terminate() == 0
