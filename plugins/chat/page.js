"use strict";

// What others say is only ever put in as text: nothing here makes HTML out of a string.

const keptItems = 200; // of the conversation, in the page and across a reload of it
const firstDelay = 500, longestDelay = 15000; // ms until the connection is tried again
const welcomeWithin = 10000; // ms; a connection that has not got so far by then is given up
const typingEvery = 2000, typingLasts = 4000; // ms
const whoEvery = 60000; // ms; heals a list that has missed something, such as the death of a worker
const refusedCode = 4000;

const $ = id => document.getElementById(id);
const state = {
  name: "", room: "", socket: null, welcomed: false, tries: 0, timer: 0, patience: 0, lostAt: 0,
  names: new Set(), unnamed: 0, unsure: [], typing: new Map(), typedAt: 0, items: [], unread: 0,
};

// Storage, which a browser may forbid

function kept(storage, key) {
  try { return JSON.parse(window[storage].getItem(`quern.chat/${key}`)); } catch { return null; }
}

function keep(storage, key, value) {
  try { window[storage].setItem(`quern.chat/${key}`, JSON.stringify(value)); } catch { /* then it is not kept */ }
}

// Drawing

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function coloured(made, name) {
  let sum = 0;
  for (const sign of name) sum = (sum * 31 + sign.codePointAt(0)) % 360;
  made.style.setProperty("--hue", sum);
  return made;
}

function badge(name) {
  const made = coloured(element("span", "badge", [...name][0].toUpperCase()), name);
  made.ariaHidden = "true";
  return made;
}

const clock = at => new Date(at).toLocaleTimeString([], {hour: "2-digit", minute: "2-digit"});

function drawItem(item, before) {
  if (item.kind === "note") return element("li", "note", item.text);
  const isAgain = before?.kind === "said" && before.name === item.name && item.at - before.at < 120000;
  const line = element("li", ["said", item.name === state.name && "mine", isAgain && "again"].filter(Boolean).join(" "));
  const bubble = element("div", "bubble"), by = element("p", "by"), words = element("p", "words", item.text);
  const time = element("time", "", clock(item.at));
  time.dateTime = new Date(item.at).toISOString();
  by.append(coloured(element("bdi", "", item.name), item.name), " ", time);
  words.dir = "auto";
  bubble.append(by, words);
  line.append(badge(item.name), bubble);
  return line;
}

function add(item) {
  const log = $("log"), atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 80;
  log.append(drawItem(item, state.items.at(-1)));
  state.items.push(item);
  while (state.items.length > keptItems) {
    state.items.shift();
    log.firstElementChild.remove();
  }
  keep("sessionStorage", `said/${state.room}`, state.items);
  if (atEnd || item.name === state.name) log.scrollTop = log.scrollHeight;
  if (document.hidden && item.kind === "said") state.unread += 1;
  drawTitle();
}

const note = text => add({kind: "note", text, at: Date.now()});

function drawTitle() {
  $("title").textContent = state.room ? `# ${state.room}` : "Quern chat";
  document.title = `${state.unread ? `(${state.unread}) ` : ""}${state.room ? `${state.room} · ` : ""}Quern chat`;
}

function drawPeople() {
  const names = [...state.names].sort((a, b) => a.localeCompare(b));
  const lines = names.map(name => {
    const line = element("li");
    line.append(badge(name), element("bdi", "", name === state.name ? `${name} (you)` : name));
    return line;
  });
  if (state.unnamed > 0) lines.push(element("li", "", `and ${state.unnamed} more`));
  $("names").replaceChildren(...lines);
  $("count").textContent = names.length + state.unnamed || "";
}

function drawTyping() {
  const now = Date.now();
  for (const [name, until] of state.typing) if (until <= now) state.typing.delete(name);
  const names = [...state.typing.keys()];
  $("typing").textContent = names.length === 0 ? "" : names.length === 1 ? `${names[0]} is typing …`
    : names.length === 2 ? `${names[0]} and ${names[1]} are typing …` : "Several people are typing …";
}

function show(kind, text) {
  $("status").className = kind;
  $("status").textContent = text;
  $("now").hidden = kind !== "lost";
  $("send").disabled = kind !== "connected";
}

function showDoor(refusal = "") {
  $("door").hidden = false;
  $("inside").hidden = $("leave").hidden = true;
  $("refusal").textContent = refusal;
  show("", "");
  state.room = "";
  drawTitle();
  $($("name").value ? "room" : "name").focus();
}

function showRoom() {
  $("door").hidden = true;
  $("inside").hidden = $("leave").hidden = false;
  $("log").replaceChildren();
  state.items = [];
  drawPeople();
  for (const item of kept("sessionStorage", `said/${state.room}`) ?? []) add(item);
  drawTitle();
  $("text").focus();
}

// The connection

function send(message) {
  if (!state.welcomed) return false;
  state.socket.send(JSON.stringify(message));
  return true;
}

function connect() {
  clearTimeout(state.timer);
  drop();
  show("", state.lostAt ? "Connecting again …" : "Connecting …");
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const socket = new WebSocket(`${scheme}://${location.host}/chat/${state.room}?name=${encodeURIComponent(state.name)}`,
    "quern.chat");
  state.socket = socket;
  state.patience = setTimeout(() => lost(socket), welcomeWithin);
  socket.onmessage = event => hear(JSON.parse(event.data));
  socket.onclose = event => {
    if (socket !== state.socket) return;
    if (event.code === refusedCode) {
      drop();
      showDoor(event.reason);
    } else {
      lost(socket);
    }
  };
}

/** Lets go of the connection; nothing more is heard of it. */
function drop() {
  clearTimeout(state.patience);
  const socket = state.socket;
  state.socket = null;
  state.welcomed = false;
  if (!socket) return;
  socket.onmessage = socket.onclose = null;
  socket.close();
}

function lost(socket) {
  if (socket !== state.socket) return;
  drop();
  state.lostAt ||= Date.now();
  state.names.clear();
  state.unnamed = 0;
  drawPeople();
  // What was sent and has not come back may be lost: it is put where it was written.
  if (state.unsure.length && !$("text").value) $("text").value = state.unsure.join("\n");
  state.unsure = [];
  const delay = Math.min(longestDelay, firstDelay * 2 ** state.tries) * (0.5 + Math.random() / 2);
  state.tries += 1;
  state.timer = setTimeout(connect, delay);
  show("lost", delay < 1500 ? "Connection lost. Trying again …"
    : `Connection lost. Trying again in ${Math.round(delay / 1000)} s`);
}

const heard = {
  welcome({name, longest}) {
    clearTimeout(state.patience);
    state.welcomed = true;
    state.tries = 0;
    state.name = name;
    $("text").maxLength = longest;
    show("connected", "Connected");
    if (state.lostAt) note(`No connection from ${clock(state.lostAt)} to ${clock(Date.now())}. What was said then is missing.`);
    state.lostAt = 0;
    send({type: "here"});
  },
  here({names, count}) {
    state.names = new Set(names).add(state.name);
    state.unnamed = Math.max(0, count - names.length);
    drawPeople();
  },
  joined({name}) {
    if (state.names.has(name)) return;
    state.names.add(name);
    note(`${name} has joined.`);
    drawPeople();
  },
  left({name}) {
    if (name === state.name) { // of an older connection of ours
      send({type: "here"});
      return;
    }
    state.typing.delete(name);
    if (state.names.delete(name)) note(`${name} has left.`);
    drawTyping();
    drawPeople();
  },
  said({name, text, at}) {
    if (name === state.name && state.unsure.includes(text)) state.unsure.splice(state.unsure.indexOf(text), 1);
    state.typing.delete(name);
    drawTyping();
    add({kind: "said", name, text, at});
  },
  typing({name}) {
    state.typing.set(name, Date.now() + typingLasts);
    drawTyping();
    setTimeout(drawTyping, typingLasts + 50);
  },
  error({text}) {
    state.unsure = [];
    note(text);
  },
};

function hear(message) {
  if (Object.hasOwn(heard, message.type)) heard[message.type](message);
}

// What people do

$("join").onsubmit = event => {
  event.preventDefault();
  state.name = $("name").value.trim();
  state.room = $("room").value;
  if (!state.name) return;
  keep("localStorage", "name", state.name);
  history.replaceState(null, "", `/chat/${state.room}`);
  state.names = new Set();
  state.lostAt = state.tries = 0;
  showRoom();
  connect();
};

$("leave").onclick = () => {
  clearTimeout(state.timer);
  drop();
  showDoor();
};

$("now").onclick = connect;

$("say").onsubmit = event => {
  event.preventDefault();
  const text = $("text").value.trim();
  if (!text || !send({type: "say", text})) return;
  state.unsure.push(text);
  $("text").value = "";
  state.typedAt = 0;
  fit();
  $("text").focus();
};

$("text").onkeydown = event => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  $("say").requestSubmit();
};

function fit() {
  $("text").style.height = "auto";
  $("text").style.height = `${$("text").scrollHeight + 2}px`;
}

$("text").oninput = () => {
  fit();
  if ($("text").value && Date.now() - state.typedAt > typingEvery && send({type: "typing"})) state.typedAt = Date.now();
};

document.onvisibilitychange = () => {
  if (document.hidden) return;
  state.unread = 0;
  drawTitle();
  send({type: "who"});
};
setInterval(() => document.hidden || send({type: "who"}), whoEvery);
window.addEventListener("online", () => state.room && !state.welcomed && connect());

$("name").value = kept("localStorage", "name") ?? "";
$("room").value = location.pathname.split("/")[2] || "lobby";
showDoor();
