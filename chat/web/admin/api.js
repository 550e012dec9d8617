/**
 * Calls of the backend REST API with the moderator's key, which is kept here alone and goes with the page.
 */

const PATIENCE_MS = 20_000;
const SKEW_MS = 2_000; // the server says its time in whole seconds
const UNREACHABLE = "The server does not answer.";

/** Why a call came to nothing: `kind` is "key", "busy", "unreachable" or "refused". */
export class Problem extends Error {
  constructor(kind, text, waitSeconds = 0) {
    super(text);
    this.kind = kind;
    this.waitSeconds = waitSeconds;
  }
}

export class Api {
  #root;
  #key = null;
  #given = new AbortController();
  #skewMs = 0;

  /** `root` is the URL of the backend endpoint. */
  constructor(root) {
    this.#root = root;
  }

  /** From now on call with this key. */
  hold(key) {
    this.forget();
    this.#key = key;
  }

  /** Forget the key, and what has not been answered. */
  forget() {
    this.#key = null;
    this.#given.abort();
    this.#given = new AbortController();
  }

  /** The time of the server, in milliseconds as `Date.now()` has them. */
  get now() {
    return Date.now() + this.#skewMs;
  }

  /** The data of a GET. Lists in the query are repeated; what is null or empty is left out. Throws Problem. */
  get(path, query = {}) {
    const url = new URL(path, this.#root);
    for (const [name, value] of Object.entries(query)) {
      for (const one of [value].flat()) if (one !== null && one !== "") url.searchParams.append(name, one);
    }
    return this.#call("GET", url);
  }

  /** Do something; the data of the answer. Throws Problem. */
  act(method, path, body) {
    return this.#call(method, new URL(path, this.#root), JSON.stringify(body));
  }

  async #call(method, url, body) {
    const answer = await this.#ask(method, url, body);
    const said = await read(answer);
    const { status_code: code, data } = said;
    if (answer.ok && code === 200 && data?.status !== "FAIL") return data;
    const text = typeof data === "string" ? data : data?.message;
    throw new Problem(kindOf(answer), capitalized(text ?? UNREACHABLE), waitOf(answer));
  }

  async #ask(method, url, body) {
    const signal = AbortSignal.any([this.#given.signal, AbortSignal.timeout(PATIENCE_MS)]);
    const headers = { Authorization: `Bearer ${this.#key}` };
    const careful = { cache: "no-store", credentials: "omit", redirect: "error" };
    try {
      const answer = await fetch(url, { method, body, headers, signal, ...careful });
      this.#setClock(answer.headers.get("Date"));
      return answer;
    } catch {
      throw new Problem("unreachable", UNREACHABLE);
    }
  }

  #setClock(date) {
    const skewMs = Date.parse(date ?? "") - Date.now();
    if (!Number.isNaN(skewMs)) this.#skewMs = Math.abs(skewMs) > SKEW_MS ? skewMs : 0;
  }
}

async function read(answer) {
  try {
    const said = await answer.json();
    if (said !== null && typeof said === "object") return said;
  } catch {
    // something in between answered, or the connection broke
  }
  throw new Problem("unreachable", UNREACHABLE, waitOf(answer));
}

/** The headers tell even where every answer is a 200. */
function kindOf({ status, headers }) {
  if (status === 401 || headers.has("WWW-Authenticate")) return "key";
  return headers.has("Retry-After") ? "busy" : "refused";
}

function waitOf({ headers }) {
  return Math.max(0, Number(headers.get("Retry-After")) || 0);
}

function capitalized(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
