"use strict";

// Two pages of the chat in headless Chromium. What only the test can do, it asks for: it prints one word a line, reads
// "done" from standard input, and goes on. Environment: PLAYWRIGHT, CHROMIUM, URL, SCREENSHOTS, TIMEOUT (ms).

const assert = require("node:assert/strict");
const path = require("node:path");
const readline = require("node:readline");
const {chromium} = require(process.env.PLAYWRIGHT);

const {CHROMIUM, URL: address, SCREENSHOTS} = process.env;
const timeout = Number(process.env.TIMEOUT);
const evil = `<script>window.hacked = 1</script><img src="x" onerror="window.hacked = 1">`;

const answers = readline.createInterface({input: process.stdin})[Symbol.asyncIterator]();

async function ask(word) {
  console.log(word);
  const {value} = await answers.next();
  assert.equal(value, "done", `answer to ${word}`);
}

/** A page of the chat, as somebody sees it, and what went wrong in it. */
class Person {
  constructor(name, page) {
    Object.assign(this, {name, page, faults: [], sockets: 0});
    page.setDefaultTimeout(timeout);
    page.on("pageerror", error => this.faults.push(`${name}: ${error}`));
    page.on("console", message => {
      // A browser complains of each connection that fails, as it should while there is no server.
      if (message.type() === "error" && !/WebSocket connection to .* failed/.test(message.text()))
        this.faults.push(`${name}: ${message.text()}`);
    });
    page.on("request", request => {
      if (!request.url().startsWith(address) && !request.url().startsWith("data:"))
        this.faults.push(`${name} fetches ${request.url()}`);
    });
    page.on("websocket", () => { this.sockets += 1; });
  }

  async join(room) {
    await this.page.goto(`${address}/chat/${room}`);
    await this.page.getByRole("textbox", {name: "Your name"}).fill(this.name);
    assert.equal(await this.page.getByRole("textbox", {name: "Room"}).inputValue(), room);
    await this.page.keyboard.press("Enter");
    await this.connected();
  }

  async say(text) {
    await this.page.getByRole("textbox", {name: "Message"}).fill(text);
    await this.page.keyboard.press("Enter");
  }

  /** Waits until the last thing said reads so, and by whom. */
  async hears(name, text) {
    const said = this.page.getByRole("log", {name: "Messages"}).locator(".said").filter({hasText: text}).last();
    await said.waitFor();
    assert.equal(await said.locator(".words").textContent(), text);
    assert.equal(await said.locator(".by bdi").textContent(), name);
  }

  status(text) { return this.page.getByRole("status").filter({hasText: text}).waitFor(); }
  connected() { return this.status("Connected"); }
  notes(text) { return this.page.locator("#log .note").filter({hasText: text}).last().waitFor(); }

  /** Waits until the list of those who are here reads so. */
  sees(...names) {
    return this.page.waitForFunction(wanted => {
      const seen = [...document.querySelectorAll("#names bdi")].map(each => each.textContent);
      return JSON.stringify(seen) === wanted && document.getElementById("count").textContent === String(seen.length);
    }, JSON.stringify(names.map(name => name === this.name ? `${name} (you)` : name)));
  }
}

async function shoot(page, name, size) {
  await page.setViewportSize(size);
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({colorScheme, reducedMotion: "reduce"});
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(overflow <= 0, `${name}: ${overflow} pixels wider than the window`);
    const status = await page.getByRole("status").boundingBox();
    assert.ok(status.height < 40, `${name}: the status is broken into lines, ${status.height} pixels`);
    await page.screenshot({path: path.join(SCREENSHOTS, `${name}-${colorScheme}.png`)});
  }
}

const desktop = {width: 1100, height: 720};
const phone = {width: 390, height: 780};

async function shootDoor(context) {
  const page = await context.newPage();
  await page.goto(`${address}/chat`);
  await shoot(page, "door", desktop);
  await shoot(page, "door-phone", phone);
  await page.close();
}

/** In and out of a room whose name takes all the width that a phone has. */
async function visit(context) {
  const visitor = new Person("Somebody of a long name.", await context.newPage());
  await visitor.join("a-room-of-24-characters-");
  await visitor.sees(visitor.name);
  await shoot(visitor.page, "long-name-phone", phone);
  await visitor.page.getByRole("button", {name: "Leave"}).click();
  await visitor.page.getByRole("heading", {name: "Come in"}).waitFor();
  assert.deepEqual(visitor.faults, []);
  await visitor.page.close();
}

async function converse(context) {
  const ann = new Person("Ann", await context.newPage()), bob = new Person("Bob", await context.newPage());
  const faults = () => [...ann.faults, ...bob.faults];
  await ann.join("lobby");
  await bob.join("lobby");
  await ann.notes("Bob has joined.");
  await Promise.all([ann.sees("Ann", "Bob"), bob.sees("Ann", "Bob")]);

  await ann.say("Good morning!");
  await Promise.all([ann.hears("Ann", "Good morning!"), bob.hears("Ann", "Good morning!")]);
  await bob.page.getByRole("textbox", {name: "Message"}).pressSequentially("And to you");
  await ann.page.getByText("Bob is typing …").waitFor();
  await bob.page.getByRole("button", {name: "Send"}).click();
  await ann.hears("Bob", "And to you");

  await bob.say(evil);
  await ann.hears("Bob", evil);
  for (const {page} of [ann, bob]) {
    assert.equal(await page.evaluate(() => window.hacked), undefined, "what was said has run");
    assert.equal(await page.locator("#log img, #log script").count(), 0, "what was said has become elements");
  }

  await ask("reload");
  await ann.say("Has anybody noticed the reload?");
  await bob.hears("Ann", "Has anybody noticed the reload?");
  await bob.say("No. New workers, the same connection.");
  await ann.hears("Bob", "No. New workers, the same connection.");
  assert.deepEqual([ann.sockets, bob.sockets], [1, 1], "connections that each page has opened");

  await shoot(ann.page, "room", desktop);
  await shoot(ann.page, "room-phone", phone);

  await ask("stop");
  await Promise.all([ann.status("Connection lost"), bob.status("Connection lost")]);
  await ann.say("to be kept"); // nobody can be told: it must not vanish
  await shoot(ann.page, "lost", desktop);
  await shoot(ann.page, "lost-phone", phone);
  await ask("start");
  await Promise.all([ann.connected(), bob.connected()]);
  await Promise.all([ann.sees("Ann", "Bob"), bob.sees("Ann", "Bob")]);
  assert.equal(await ann.page.getByRole("textbox", {name: "Message"}).inputValue(), "to be kept");
  await ann.page.getByRole("button", {name: "Send"}).click();
  await bob.hears("Ann", "to be kept");
  await bob.notes("What was said then is missing.");
  await bob.hears("Ann", "Good morning!"); // the page still has what came before

  await ann.page.close();
  await bob.notes("Ann has left.");
  await bob.sees("Bob");
  assert.deepEqual(faults(), []);
}

async function main() {
  const browser = await chromium.launch({executablePath: CHROMIUM, args: ["--no-sandbox", "--disable-gpu"], timeout});
  try {
    const context = await browser.newContext({viewport: desktop, locale: "en-GB"});
    context.setDefaultTimeout(timeout);
    await shootDoor(context);
    await visit(context);
    await converse(context);
  } finally {
    await browser.close();
  }
}

main().then(() => process.exit(0), error => {
  console.error(error);
  process.exit(1);
});
