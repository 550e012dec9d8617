/**
 * One lasting connection to the server: a socket that comes back by itself, and requests that are promises.
 *
 * Knows frames and close codes, but no verb except the one that asks whether the server is there. A request that gets
 * no answer means that the connection is dead: it is dropped, and everything that waits fails with ConnectionLost.
 */

import { Pace } from "./pace.js";
import { alive, parseFrame, requestFrame } from "./wire.js";

const REPLY_TIMEOUT_MS = 35_000; // the server itself gives up on a command after 30 s
const ALIVE_INTERVAL_MS = 30_000; // a page does not see the server's pings, so it asks
const FIRST_DELAY_SECONDS = 1;
const LONGEST_DELAY_SECONDS = 30;
const RESPITE = 3; // after a flood, wait as after so many vain attempts

const OK = 200;

/** Why a server ends a connection, as far as the page cares. */
export const CloseCode = Object.freeze({
  RESTART: 1012,
  LOGIN_FAILED: 4001,
  BANNED: 4003,
  CLOSED_BY_OPERATOR: 4004,
  SLOW_CONSUMER: 4008,
  FLOOD: 4029,
});

const FINAL = new Set([CloseCode.BANNED, CloseCode.CLOSED_BY_OPERATOR]);

/** The server answered a request with no. */
export class Refusal extends Error {
  constructor({ status_code: code, message, data }) {
    super(message || `refused with code ${code}`);
    this.code = code;
    this.data = data;
  }
}

/** The connection ended before the answer came. Whether the request took effect is not known. */
export class ConnectionLost extends Error {}

/**
 * How long to wait before trying to connect again, after `attempt` vain attempts.
 *
 * Random, so that the clients of a server that fell do not all come back at once; a server that restarts on purpose
 * says how far to spread. Who sent too much gives the server a rest.
 */
export function delaySeconds(attempt, code, restartJitterSeconds, random = Math.random) {
  if (attempt === 0 && code === CloseCode.RESTART) return random() * restartJitterSeconds;
  const patience = code === CloseCode.FLOOD ? Math.max(attempt, RESPITE) : attempt;
  const longest = Math.min(LONGEST_DELAY_SECONDS, FIRST_DELAY_SECONDS * 2 ** patience);
  return (longest * (1 + random())) / 2;
}

/**
 * Tells its listener `opened()`, `received(event, data)`, `lost(code)` (it will try again) and `ended(code)` (it will
 * not).
 */
export class Connection {
  /** How far to spread the return after a restart. */
  restartJitterSeconds = 0;

  #url;
  #listener;
  #socket = null;
  #lastId = 0;
  #unanswered = new Map();
  #pace = new Pace((request) => this.#send(request));
  #attempt = 0;
  #reconnectTimer = null;
  #aliveTimer = null;

  constructor(url, listener) {
    this.#url = url;
    this.#listener = listener;
    addEventListener("online", () => this.retryNow());
  }

  /** Connect, and stay connected. */
  start() {
    this.stop();
    this.#open();
  }

  /** End the connection for good. The listener hears nothing of it. */
  stop() {
    clearTimeout(this.#reconnectTimer);
    this.#reconnectTimer = null;
    this.#attempt = 0;
    this.#discard();
  }

  /** Do not wait any longer before the next attempt. */
  retryNow() {
    if (this.#reconnectTimer !== null) this.#open();
  }

  /** The connection proved useful: after the next loss, waiting starts from the shortest delay. */
  settled() {
    this.#attempt = 0;
  }

  /** The `data` of the reply. Fails with Refusal or ConnectionLost. One that comes too soon waits. */
  request(request) {
    return this.#pace.request(request);
  }

  #send(request) {
    const socket = this.#socket;
    if (socket?.readyState !== WebSocket.OPEN) return Promise.reject(new ConnectionLost());
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#lose(socket), REPLY_TIMEOUT_MS);
      this.#unanswered.set(id, { resolve, reject, timer });
      socket.send(requestFrame(request, id));
    });
  }

  #open() {
    clearTimeout(this.#reconnectTimer);
    this.#reconnectTimer = null;
    const socket = new WebSocket(this.#url);
    this.#socket = socket;
    socket.onopen = () => this.#opened();
    socket.onmessage = ({ data }) => this.#received(data);
    socket.onclose = ({ code }) => this.#lose(socket, code);
  }

  #opened() {
    this.#aliveTimer = setInterval(() => this.request(alive()).catch(() => {}), ALIVE_INTERVAL_MS);
    this.#listener.opened();
  }

  #received(text) {
    const frame = parseFrame(text);
    if (frame === null) return;
    const waiting = this.#unanswered.get(frame.id);
    if (waiting === undefined) {
      this.#listener.received(frame.event, frame.data);
      return;
    }
    this.#unanswered.delete(frame.id);
    clearTimeout(waiting.timer);
    if (frame.data.status_code === OK) waiting.resolve(frame.data.data);
    else waiting.reject(new Refusal(frame.data));
  }

  #lose(socket, code) {
    if (socket !== this.#socket) return;
    this.#discard();
    if (FINAL.has(code)) {
      this.#listener.ended(code);
      return;
    }
    const delay = delaySeconds(this.#attempt++, code, this.restartJitterSeconds);
    this.#reconnectTimer = setTimeout(() => this.#open(), delay * 1000);
    this.#listener.lost(code);
  }

  /** Turn away from the socket at once: the close handshake with a dead peer takes long. */
  #discard() {
    clearInterval(this.#aliveTimer);
    if (this.#socket !== null) {
      this.#socket.onopen = this.#socket.onmessage = this.#socket.onclose = null;
      this.#socket.close();
      this.#socket = null;
    }
    for (const { reject, timer } of this.#unanswered.values()) {
      clearTimeout(timer);
      reject(new ConnectionLost());
    }
    this.#unanswered.clear();
    this.#pace.clear(new ConnectionLost());
  }
}
