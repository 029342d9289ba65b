import assert from "node:assert/strict";
import test, { beforeEach } from "node:test";

import { ConnectionError, RequestError } from "../../sdk/errors.js";
import { JsonRpcSocket, parseMessage } from "../../sdk/json-rpc.js";
import { FakeSocket } from "./fake-socket.mjs";

beforeEach(() => FakeSocket.reset());

async function opened() {
  const socket = new JsonRpcSocket("ws://test/ws", { WebSocketClass: FakeSocket });
  await socket.opened();
  return { socket, server: FakeSocket.last };
}

test("an answer finds its request, in whatever order answers come", async () => {
  const { socket, server } = await opened();
  const first = socket.request("one", { a: 1 });
  const second = socket.request("two");
  assert.deepEqual(
    server.sent.map(({ jsonrpc, method, params }) => [jsonrpc, method, params]),
    [
      ["2.0", "one", { a: 1 }],
      ["2.0", "two", {}],
    ],
  );
  server.receive({ jsonrpc: "2.0", id: server.sent[1].id, result: "second" });
  server.receive({ jsonrpc: "2.0", id: server.sent[0].id, result: "first" });
  assert.deepEqual([await first, await second], ["first", "second"]);
});

test("an error becomes a RequestError with the server's reason", async () => {
  const { socket, server } = await opened();
  const request = socket.request("join");
  const error = { code: -32001, message: "The token was used already.", data: { reason: "token-used" } };
  server.receive({ jsonrpc: "2.0", id: server.sent[0].id, error });
  await assert.rejects(request, (raised) => {
    assert.ok(raised instanceof RequestError);
    assert.deepEqual(
      [raised.reason, raised.code, raised.message],
      ["token-used", -32001, "The token was used already."],
    );
    return true;
  });
});

test("notifications are handed on", async () => {
  const { socket, server } = await opened();
  const seen = [];
  socket.onnotification = (notification) => seen.push(notification);
  server.notify("user-connected", { seq: 1 });
  assert.deepEqual(seen, [{ method: "user-connected", params: { seq: 1 } }]);
});

test("a lost socket rejects what waits and says so once", async () => {
  const { socket, server } = await opened();
  let lost = 0;
  socket.onclose = () => lost++;
  const request = socket.request("ping");
  server.drop();
  await assert.rejects(request, { name: "ConnectionError", reason: "connection-lost" });
  await assert.rejects(socket.request("ping"), ConnectionError);
  assert.equal(lost, 1);
});

test("closing it oneself is no loss", async () => {
  const { socket } = await opened();
  let lost = 0;
  socket.onclose = () => lost++;
  const request = socket.request("ping");
  socket.close();
  await assert.rejects(request, ConnectionError);
  assert.equal(lost, 0);
});

test("a request without an answer times out, and a late answer disturbs nothing", async () => {
  const { socket, server } = await opened();
  await assert.rejects(socket.request("ping", {}, { timeout: 5 }), { reason: "timeout" });
  server.receive({ jsonrpc: "2.0", id: server.sent[0].id, result: {} });
});

test("a server that cannot be reached is told", async () => {
  FakeSocket.failNext = 1;
  const socket = new JsonRpcSocket("ws://test/ws", { WebSocketClass: FakeSocket });
  await assert.rejects(socket.opened(), { name: "ConnectionError", reason: "unreachable" });
});

test("a server that never opens the socket is given up", async () => {
  class Silent extends FakeSocket {
    constructor(url) {
      super(url);
      this.readyState = 2;
    }
  }
  const socket = new JsonRpcSocket("ws://test/ws", { WebSocketClass: Silent, openTimeout: 5 });
  await assert.rejects(socket.opened(), { reason: "unreachable" });
});

test("what is no message changes nothing", async () => {
  const { socket, server } = await opened();
  const seen = [];
  socket.onnotification = (notification) => seen.push(notification);
  const request = socket.request("ping");
  const id = server.sent[0].id;
  const noise = [
    "",
    "{",
    "null",
    "7",
    "[]",
    '"text"',
    "{}",
    '{"jsonrpc":"1.0","method":"x"}',
    '{"jsonrpc":"2.0"}',
    '{"jsonrpc":"2.0","method":7}',
    '{"jsonrpc":"2.0","method":"x","params":[1]}',
    `{"jsonrpc":"2.0","id":${id}}`,
    `{"jsonrpc":"2.0","id":"${id}","result":1}`,
    '{"jsonrpc":"2.0","id":999,"result":1}',
    `{"jsonrpc":"2.0","id":${id},"error":"no"}`,
    '{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"x"}}',
  ];
  for (const text of noise) server.receive(text);
  assert.deepEqual(seen, []);
  server.receive({ jsonrpc: "2.0", id, result: "pong" });
  assert.equal(await request, "pong");
});

test("mutated messages never raise", () => {
  const sound = JSON.stringify({ jsonrpc: "2.0", id: 3, error: { code: -1, message: "x", data: { reason: "y" } } });
  let seed = 42;
  const random = (limit) => (seed = (seed * 1103515245 + 12345) % 2147483648) % limit;
  for (let round = 0; round < 3000; round++) {
    const text = [...sound];
    for (let change = 0; change <= random(4); change++) text[random(text.length)] = String.fromCharCode(random(128));
    parseMessage(text.join(""));
  }
  for (const value of [undefined, null, 5, {}, new ArrayBuffer(4)]) assert.equal(parseMessage(value), null);
});
