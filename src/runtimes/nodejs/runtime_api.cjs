'use strict';
// The connection to the Runtime API: one socket, kept open, requests answered in order.

const net = require('net');

const BASE = '/2018-06-01/runtime/';
const SMALL = 32768;

class RuntimeApi {
  constructor(address) {
    const colon = address.lastIndexOf(':');
    this.host = address.slice(0, colon).replace(/^\[|\]$/g, '');
    this.port = Number(address.slice(colon + 1));
    this.common = ` HTTP/1.1\r\nHost: ${address}\r\nUser-Agent: aws-lambda-nodejs/${process.version}-aviary\r\n`;
    this.nextRequest = `GET ${BASE}invocation/next${this.common}\r\n`;
    this.waiting = []; // for each request under way, what is done with (status, headers, body) or, failed, nothing
    this.parts = undefined; // of an answer that did not come in one piece
    this.failures = 0;
    this.connect();
  }

  connect() {
    // Reads land in one buffer that node reuses: no allocation, no stream, for a message that fits.
    const buffer = Buffer.allocUnsafeSlow(65536);
    const socket = net.connect({
      host: this.host,
      port: this.port,
      onread: { buffer, callback: (count, bytes) => { this.received(bytes.subarray(0, count)); return true; } },
    });
    socket.setNoDelay(true);
    socket.on('connect', () => { this.failures = 0; });
    socket.on('error', () => {});
    socket.on('close', () => this.closed(socket));
    socket.unref();
    this.parts = undefined;
    this.socket = socket;
  }

  send(text, body, done) {
    if (this.socket === undefined) this.connect();
    this.waiting.push(done);
    this.socket.ref(); // an answer is awaited
    if (body === undefined) {
      this.socket.write(text);
    } else {
      this.socket.write(text + body);
    }
  }

  // Posts and reports back, whatever the answer was.
  post(path, headers, body, done) {
    const head = `POST ${BASE}${path}${this.common}${headers}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n`;
    this.send(head, body, () => done());
  }

  // Posts a response {id, body}, if there is one, and waits for the next event. A small response and the request for
  // the next event go out together; a large one may be refused before it is read, so its answer comes first.
  next(response, done) {
    const event = (status, headers, body) => {
      if (status === undefined) {
        this.send(this.nextRequest, undefined, event); // the connection was lost: ask again
      } else if (status !== 200) {
        process.stderr.write(`LAMBDA_RUNTIME Failed to get next invocation: HTTP status ${status}\n`);
        process.exit(1);
      } else {
        this.socket.unref();
        done(headers, body);
      }
    };
    if (response === undefined) {
      this.send(this.nextRequest, undefined, event);
      return;
    }
    const length = Buffer.byteLength(response.body);
    const request = `POST ${BASE}invocation/${encodeURIComponent(response.id)}/response${this.common}` +
      `Content-Type: application/json\r\nContent-Length: ${length}\r\n\r\n${response.body}`;
    if (length < SMALL) {
      this.send(request, this.nextRequest, () => {});
      this.waiting.push(event);
    } else {
      this.send(request, undefined, () => this.send(this.nextRequest, undefined, event));
    }
  }

  closed(socket) {
    if (socket !== this.socket) return;
    this.socket = undefined;
    const waiting = this.waiting;
    this.waiting = [];
    if (waiting.length === 0) return;
    if (++this.failures > 2) process.exit(1); // the emulator is gone
    for (const done of waiting) done();
  }

  received(bytes) {
    // A message that came whole is read where it lies.
    if (this.parts !== undefined) {
      this.parts.push(Buffer.from(bytes));
      this.have += bytes.length;
      if (this.have < this.need) return;
      bytes = Buffer.concat(this.parts);
      this.parts = undefined;
    }
    while (bytes.length > 0) {
      const end = bytes.indexOf('\r\n\r\n');
      if (end < 0) return this.keep(bytes, bytes.length + 1);
      const lines = bytes.utf8Slice(0, end).split('\r\n');
      const headers = {};
      for (let i = 1; i < lines.length; i++) {
        const colon = lines[i].indexOf(':');
        headers[lines[i].slice(0, colon).toLowerCase()] = lines[i].slice(colon + 1).trim();
      }
      let start = end + 4;
      let body;
      if (headers['transfer-encoding'] === 'chunked') {
        const result = chunks(bytes, start);
        if (result === undefined) return this.keep(bytes, bytes.length + 1);
        [body, start] = result;
      } else {
        const length = Number(headers['content-length'] || 0);
        if (bytes.length < start + length) return this.keep(bytes, start + length);
        body = bytes.utf8Slice(start, start + length);
        start += length;
      }
      bytes = bytes.subarray(start);
      // What is left must outlive the callbacks, and the buffer that it lies in does not.
      if (bytes.length > 0) bytes = Buffer.from(bytes);
      const done = this.waiting.shift();
      if (this.waiting.length === 0) this.socket.unref();
      if (done) done(Number(lines[0].slice(9, 12)), headers, body);
    }
  }

  keep(bytes, need) {
    this.parts = [Buffer.from(bytes)];
    this.have = bytes.length;
    this.need = need;
  }
}

// [text, end] of a chunked body, or nothing while it is not all there.
function chunks(bytes, at) {
  const parts = [];
  for (;;) {
    const line = bytes.indexOf('\r\n', at);
    if (line < 0) return undefined;
    const size = parseInt(bytes.latin1Slice(at, line), 16);
    if (size === 0) {
      for (let from = line + 2; ;) {
        const end = bytes.indexOf('\r\n', from);
        if (end < 0) return undefined;
        if (end === from) return [Buffer.concat(parts).toString('utf8'), end + 2];
        from = end + 2;
      }
    }
    if (bytes.length < line + 2 + size + 2) return undefined;
    parts.push(bytes.subarray(line + 2, line + 2 + size));
    at = line + 2 + size + 2;
  }
}

module.exports = { RuntimeApi };
