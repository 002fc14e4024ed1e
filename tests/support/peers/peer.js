// A WebSocket client of another make, npm's ws, that does what wspeers.run() writes to its input.
"use strict";

const { randomBytes } = require("crypto");
const { readFileSync } = require("fs");
const WebSocket = require("ws");

const WAIT = 60000; // milliseconds for each step

// Text of characters of 1 to 4 bytes, or bytes of which half cannot be compressed; size bytes of either.
function content(kind, size) {
    if (kind === "text")
        return Buffer.from("aé€𝄞".repeat(Math.floor(size / 10)) + "z".repeat(size % 10));
    const half = Math.floor(size / 2);
    return Buffer.concat([randomBytes(size - half), Buffer.alloc(half, 0xff)]);
}

function within(promise, what) {
    let timer;
    const late = new Promise((_, reject) => {
        timer = setTimeout(() => reject(new Error(`${what}: not within ${WAIT} ms`)), WAIT);
    });
    return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

class Peer {
    constructor(task) {
        this.messages = [];
        this.pongs = [];
        this.end = null;
        this.waiting = [];
        const offered = task.subprotocols.length > 0 ? task.subprotocols : undefined;
        this.socket = new WebSocket(task.url, offered, { perMessageDeflate: task.deflate, maxPayload: 0 });
        this.opened = new Promise((resolve, reject) => {
            this.socket.on("open", resolve);
            this.socket.on("error", reject);
        });
        this.socket.on("message", (data, isBinary) => this.came(this.messages, { data, isBinary }));
        this.socket.on("pong", (data) => this.came(this.pongs, data));
        this.socket.on("close", (code, reason) => {
            this.end = { code, reason: reason.toString() };
            this.wake();
        });
    }

    came(list, what) {
        list.push(what);
        this.wake();
    }

    wake() {
        for (const resolve of this.waiting.splice(0))
            resolve();
    }

    async next(list) {
        while (list.length === 0) {
            if (this.end)
                throw new Error(`closed: ${JSON.stringify(this.end)}`);
            await new Promise((resolve) => this.waiting.push(resolve));
        }
        return list.shift();
    }

    async expectSame(sent, isText, what) {
        const { data, isBinary } = await this.next(this.messages);
        if (isBinary === isText || !data.equals(sent))
            throw new Error(`${what}: ${data.length} other bytes came back, ${data.subarray(0, 40)}`);
    }

    async take([name, ...words]) {
        const isText = words[0] === "text";
        if (name === "echo") {
            const sent = content(words[0], words[1]);
            this.socket.send(sent, { binary: !isText });
            await this.expectSame(sent, isText, words);
        } else if (name === "fragments") {
            const part = content(words[0], words[1]);
            for (let left = words[2]; left > 0; --left)
                this.socket.send(part, { binary: !isText, fin: left === 1 });
            await this.expectSame(Buffer.concat(Array(words[2]).fill(part)), isText, words);
        } else if (name === "ping") {
            this.socket.ping(words[0]);
            const pong = await this.next(this.pongs);
            if (pong.toString() !== words[0])
                throw new Error(`pong ${pong} for ping ${words[0]}`);
        } else if (name === "send") {
            this.socket.send(words[0]);
        } else if (name === "expect") {
            await this.expectSame(Buffer.from(words[0]), true, words);
        } else if (name === "close" || name === "closed") {
            if (name === "close")
                this.socket.close(...words);
            while (!this.end)
                await new Promise((resolve) => this.waiting.push(resolve));
        } else {
            throw new Error(`no such step: ${name}`);
        }
    }
}

async function main() {
    const task = JSON.parse(readFileSync(0));
    const peer = new Peer(task);
    await within(peer.opened, "handshake");
    for (const step of task.steps)
        await within(peer.take(step), step);
    const { protocol, extensions } = peer.socket;
    peer.socket.terminate();
    return { subprotocol: protocol || null, deflate: extensions !== "", ...(peer.end || { code: null, reason: null }) };
}

main()
    .catch((error) => ({ error: `${error.name}: ${error.message}` }))
    .then((result) => console.log(JSON.stringify(result)));
