/**
 * Puts the page together: the state, the client that changes it, the view that shows it, and the login form.
 */

import { Client } from "./client.js";
import { Chat } from "./state.js";
import { View } from "./view.js";

const REFRESH_MS = 30_000;

const url = new URL("ws", document.baseURI);
url.protocol = url.protocol.replace("http", "ws");

const chat = new Chat();
const client = new Client(url, chat, changed);
const view = new View(chat, client);

/** Show the state once, however often it changed. A timer, because a page in the background gets no frames. */
let scheduled = false;
function changed() {
  if (scheduled) return;
  scheduled = true;
  setTimeout(() => {
    scheduled = false;
    view.render();
  });
}

const form = document.getElementById("login");

// The token is never stored: it leaves this page's memory with the page.
for (const name of ["userId", "name"]) form.elements[name].value = sessionStorage.getItem(name) ?? "";

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const { invisible, ...credentials } = Object.fromEntries(new FormData(form));
  for (const name of ["userId", "name"]) sessionStorage.setItem(name, credentials[name]);
  client.logIn(credentials, invisible ? "invisible" : "online");
});

document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  client.lobby.looked();
  client.lobby.refreshQuietly();
});

setInterval(() => document.hidden || client.lobby.refreshQuietly(), REFRESH_MS);

view.render();
