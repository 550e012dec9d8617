/**
 * Puts the page together: the key, the desk that it opens, and what keeps that up to date.
 */

import { Actions } from "./actions.js";
import { Api } from "./api.js";
import { Desk, PAGE } from "./desk.js";
import { ActDialog } from "./dialog.js";
import { byId } from "./dom.js";
import { Refresher } from "./refresher.js";
import { tick } from "./rows.js";
import { View } from "./view.js";

const TICK_MS = 1_000;
const TYPING_MS = 250;
const KEY = /^[\x21-\x7e]+$/;
const NO_KEY = "This is no key: a key has letters, digits and signs, and no blanks.";
const WRONG = "The server does not know this key.";
const REFUSED = "The server does not know this key any more.";

const api = new Api(new URL("..", document.baseURI));
const desk = new Desk(api);
const dialog = new ActDialog(done);
const actions = new Actions(api, desk, (what) => dialog.open(what));
const view = new View(desk, actions, { look, choose, search, more, moreReports });
const refresher = new Refresher(load, told);
let typing = null;

async function load() {
  if (await desk.load()) view.render(api.now);
}

function told(problem) {
  if (problem?.kind === "key") signOut(REFUSED);
  else view.tell(problem);
}

// The key

async function signIn(key) {
  api.hold(key);
  view.farewell("");
  byId("enter").disabled = true;
  try {
    await desk.loadRooms();
    view.enter(true);
    refresher.start();
  } catch (problem) {
    if (problem.kind === undefined) throw problem;
    api.forget();
    view.farewell(problem.kind === "key" ? WRONG : view.explain(problem));
  } finally {
    byId("enter").disabled = false;
  }
}

/** Forget the key and everything that was seen with it. */
function signOut(reason = "") {
  refresher.stop();
  api.forget();
  desk.clear();
  dialog.close();
  view.clear();
  view.enter(false, reason);
}

// What the moderator does

function look(name) {
  if (name === "rooms") desk.choose(null);
  else desk.show(name);
  turn();
}

function choose(room) {
  desk.choose(room);
  turn();
}

function turn() {
  clearTimeout(typing);
  view.turned();
  view.render(api.now);
  refresher.now();
}

function search(text) {
  desk.search = text;
  desk.limit = PAGE;
  clearTimeout(typing);
  typing = setTimeout(() => refresher.now(), TYPING_MS);
  view.render(api.now);
}

function more() {
  desk.limit += PAGE;
  refresher.now();
}

async function moreReports() {
  try {
    await desk.loadMoreReports();
    view.render(api.now);
  } catch (problem) {
    if (problem.kind === undefined) throw problem;
    told(problem);
  }
}

function done(sentence, problem) {
  if (sentence === null) {
    told(problem);
    return;
  }
  view.announce(sentence);
  refresher.now();
}


byId("sign-in").onsubmit = (event) => {
  event.preventDefault();
  const key = byId("key").value.trim();
  if (KEY.test(key)) signIn(key);
  else view.farewell(NO_KEY);
};
byId("sign-out").onclick = () => signOut();

// A page that is kept to be gone back to keeps no key.
addEventListener("pagehide", () => signOut());

setInterval(() => document.hidden || tick(api.now), TICK_MS);
