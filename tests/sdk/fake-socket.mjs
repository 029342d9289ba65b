/** A WebSocket for tests: the test is the server. */

export class FakeSocket {
  /** @type {FakeSocket[]} */
  static made = [];
  static failNext = 0;

  readyState = 0;
  /** @type {any[]} */
  sent = [];
  onopen = null;
  onclose = null;
  onmessage = null;
  /** @type {((request: any) => any) | null} answers by itself */
  static answer = null;

  constructor(url) {
    this.url = url;
    FakeSocket.made.push(this);
    queueMicrotask(() => {
      if (FakeSocket.failNext > 0) {
        FakeSocket.failNext--;
        this.drop();
      } else if (this.readyState === 0) {
        this.readyState = 1;
        this.onopen?.({});
      }
    });
  }

  static reset() {
    FakeSocket.made = [];
    FakeSocket.failNext = 0;
    FakeSocket.answer = null;
  }

  static get last() {
    return FakeSocket.made.at(-1);
  }

  send(text) {
    const request = JSON.parse(text);
    this.sent.push(request);
    const answer = FakeSocket.answer?.(request);
    if (answer !== undefined) queueMicrotask(() => this.receive({ jsonrpc: "2.0", id: request.id, ...answer }));
  }

  receive(message) {
    if (this.readyState === 1)
      this.onmessage?.({ data: typeof message === "string" ? message : JSON.stringify(message) });
  }

  notify(method, params) {
    this.receive({ jsonrpc: "2.0", method, params });
  }

  close() {
    this.drop();
  }

  drop() {
    if (this.readyState === 3) return;
    this.readyState = 3;
    this.onclose?.({});
  }
}

export const soon = (milliseconds = 0) => new Promise((resolve) => setTimeout(resolve, milliseconds));
