'use strict';
// Handlers made with awslambda.streamifyResponse: they write into the request that posts the response.
//
// That request is node's own http.ClientRequest, as with AWS's client, so a handler finds the same stream: its
// events, back-pressure and properties. An error in mid-stream goes into the trailers.

const http = require('http');
const net = require('net');

const errors = require('./errors.cjs');
const logs = require('./logs.cjs');

const ERROR_TYPE = 'Lambda-Runtime-Function-Error-Type';
const ERROR_BODY = 'Lambda-Runtime-Function-Error-Body';

const METHODS = ['cork', 'destroy', 'end', 'uncork', 'write', 'addListener', 'emit', 'eventNames', 'getMaxListeners',
  'listenerCount', 'listeners', 'off', 'on', 'once', 'prependListener', 'prependOnceListener', 'rawListeners',
  'removeAllListeners', 'removeListener', 'setMaxListeners', 'setContentType'];
const WRITABLE = ['destroyed', 'writable', '_onBeforeFirstWrite'];
const READABLE = ['writableFinished', 'writableObjectMode', 'writableBuffer', 'writableEnded', 'writableNeedDrain',
  'writableHighWaterMark', 'writableCorked', 'writableLength'];

// What of the request a handler may touch: the stream, not the HTTP.
function onlyTheStream(request) {
  const stream = {};
  for (const name of METHODS) stream[name] = request[name].bind(request);
  for (const name of [...WRITABLE, ...READABLE]) {
    Object.defineProperty(stream, name, {
      get: () => request[name],
      ...(WRITABLE.includes(name) && { set: (value) => { request[name] = value; } }),
    });
  }
  return stream;
}

function open(agent, address, id) {
  let written = false;
  let answered;
  const done = new Promise((resolve, reject) => { answered = { resolve, reject }; });
  const colon = address.lastIndexOf(':');
  const request = http.request({
    agent,
    method: 'POST',
    hostname: address.slice(0, colon).replace(/^\[|\]$/g, ''),
    port: Number(address.slice(colon + 1)),
    path: `/2018-06-01/runtime/invocation/${encodeURIComponent(id)}/response`,
    headers: {
      'Lambda-Runtime-Function-Response-Mode': 'streaming',
      Trailer: [ERROR_TYPE, ERROR_BODY],
      'Content-Type': 'application/octet-stream',
      'Transfer-Encoding': 'chunked',
    },
  }, (response) => {
    response.on('aborted', () => answered.reject(new Error('aborted')));
    response.on('end', answered.resolve);
    response.resume();
  });
  request.on('error', (error) => {
    answered.reject(error);
    request.destroy(error);
  });
  const end = request.end.bind(request);
  const write = request.write.bind(request);
  request.setContentType = (type) => {
    if (written) throw new errors.InvalidStreamingOperation('Cannot set content-type, too late.');
    request.setHeader('Content-Type', type);
  };
  request.write = (chunk, encoding, callback) => {
    if (typeof chunk !== 'string' && !(chunk instanceof Uint8Array)) chunk = JSON.stringify(chunk);
    if (!written && typeof request._onBeforeFirstWrite === 'function') request._onBeforeFirstWrite((first) => write(first));
    written = true;
    return write(chunk, encoding, callback);
  };
  request.end = (chunk, encoding, callback) => {
    if (typeof chunk === 'function') return end(chunk);
    if (chunk !== undefined && chunk !== null) request.write(chunk, typeof encoding === 'function' ? undefined : encoding);
    return end(typeof encoding === 'function' ? encoding : callback);
  };
  const fail = (error, then) => {
    logs.logError('Invoke Error', error);
    const payload = errors.payload(error);
    if (!request.headersSent) request.flushHeaders();
    request.addTrailers({
      [ERROR_TYPE]: payload.errorType,
      [ERROR_BODY]: Buffer.from(JSON.stringify(payload)).toString('base64'),
    });
    // The next event is asked for on another connection: not before this one has been heard to the end.
    done.then(then, then);
    end();
  };
  done.catch(() => {});
  return { stream: onlyTheStream(request), done, fail, request };
}

function create({ handler, mode, next, whenIdle, describeInvocation, address, sockets = 1 }) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: sockets });
  if (mode.highWaterMark !== undefined) {
    agent.createConnection = (options, ready) => net.createConnection({ ...options, highWaterMark: mode.highWaterMark }, ready);
  }

  async function invoke(id, headers, body) {
    let waits = true;
    const context = {
      get callbackWaitsForEmptyEventLoop() { return waits; },
      set callbackWaitsForEmptyEventLoop(value) { waits = value; },
    };
    const { stream, done, fail } = open(agent, address, id);
    let over = false;
    const finish = () => {
      if (over) return;
      over = true;
      whenIdle(() => {});
      if (!waits) next();
      else whenIdle(() => setImmediate(() => { whenIdle(() => {}); next(); }));
    };
    whenIdle(() => { over = true; whenIdle(() => {}); next(); });
    try {
      const result = handler(JSON.parse(body), stream, describeInvocation(headers, context));
      if (!(result && typeof result.then === 'function')) {
        fail('Streaming does not support non-async handlers.', finish);
        return;
      }
      if (typeof await result !== 'undefined') console.warn('Streaming handlers ignore return values.');
      await done;
      if (!stream.writableFinished) {
        fail('Response stream is not finished.', finish);
        return;
      }
      finish();
    } catch (error) {
      fail(error, finish);
    }
  }

  return { invoke };
}

module.exports = { create };
