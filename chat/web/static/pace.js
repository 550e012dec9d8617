/**
 * Requests to a server that takes only so many at a time.
 *
 * One that came too soon waits as long as the server says, and is sent again as it was. What is asked meanwhile waits
 * behind it, and then they go one by one. So no request is refused because others wait, and haste never adds up to a
 * flood, for which the server would end the connection.
 */

const RATE_LIMITED = 900;
const TRIES = 2; // of a request whose turn has come

export class Pace {
  #send;
  #line = [];
  #timer = null;

  /** `send(request)` is a promise that fails with an error of code 900 where the request came too soon. */
  constructor(send) {
    this.#send = send;
  }

  /** What comes of the request. Fails as `send` does; for haste when its turn has come and waiting was no help. */
  request(request) {
    return new Promise((resolve, reject) => {
      const waiting = { request, resolve, reject, tries: 0 };
      if (this.#line.length === 0 && this.#timer === null) this.#hurry(waiting);
      else this.#line.push(waiting);
    });
  }

  /** Nobody waits any longer: all who do fail like this. */
  clear(problem) {
    clearTimeout(this.#timer);
    this.#timer = null;
    for (const { reject } of this.#line.splice(0)) reject(problem);
  }

  async #hurry(one) {
    try {
      one.resolve(await this.#send(one.request));
    } catch (problem) {
      if (problem.code !== RATE_LIMITED) one.reject(problem);
      else if (this.#line.push(one) === 1) this.#pause(problem);
    }
  }

  #pause({ data }) {
    this.#timer ??= setTimeout(() => this.#serve(), (data?.retry_after_s ?? 1) * 1000);
  }

  async #serve() {
    this.#timer = null;
    while (this.#line.length > 0) {
      const [first] = this.#line;
      const refusal = await this.#sent(first);
      if (first !== this.#line[0]) return; // cleared meanwhile
      if (refusal === null || first.tries === TRIES) this.#line.shift();
      if (refusal === null) continue;
      this.#pause(refusal);
      return;
    }
  }

  /** Send it in its turn. The refusal where it came too soon once more, else null. */
  async #sent(one) {
    try {
      one.resolve(await this.#send(one.request));
      return null;
    } catch (problem) {
      const isTooSoon = problem.code === RATE_LIMITED;
      if (isTooSoon) one.tries += 1;
      if (!isTooSoon || one.tries === TRIES) one.reject(problem);
      return isTooSoon ? problem : null;
    }
  }
}
