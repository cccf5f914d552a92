'use strict';
// Where a function takes several invocations at once: worker threads, and in each of them as many invocations as come,
// as AWS's own client has it. Every thread loads the function for itself; what one of them does together is told apart
// by an AsyncLocalStorage.

const fs = require('fs');
const { Worker, isMainThread } = require('worker_threads');
const { AsyncLocalStorage } = require('async_hooks');

const { RuntimeApi } = require('./runtime_api.cjs');
const errors = require('./errors.cjs');
const logs = require('./logs.cjs');

const PER_CPU = 8;
const LARGE = 32768;
const OF_THE_PROCESS = ['--expose-gc', '--max-semi-space-size', '--max-old-space-size']; // no worker takes these

const store = new AsyncLocalStorage();

function cpus() {
  try {
    const [quota, period] = fs.readFileSync('/sys/fs/cgroup/cpu.max', 'utf8').trim().split(/\s+/);
    if (quota === 'max') return require('os').cpus().length;
    return Math.ceil(parseInt(quota, 10) / parseInt(period, 10)) || 1;
  } catch {
    return 1;
  }
}

// More than invocations would only wait for each other's places.
function workerCount() {
  const said = parseInt(process.env.AWS_LAMBDA_NODEJS_WORKER_COUNT, 10);
  return Math.min(said > 0 ? said : PER_CPU * cpus(), parseInt(process.env.AWS_LAMBDA_MAX_CONCURRENCY, 10) || 1);
}

// In the main thread: starts the workers, and ends with the last of them. False in a worker.
function spread(script, modern) {
  if (!isMainThread) return false;
  logs.install(modern, store);
  let left = workerCount();
  for (let i = 0, count = left; i < count; i++) {
    const worker = new Worker(script, {
      env: process.env,
      execArgv: process.execArgv.filter((flag) => !OF_THE_PROCESS.some((other) => flag.startsWith(other))),
    });
    worker.on('error', (error) => logs.logError(`Worker ${i} error:`, error));
    worker.on('exit', (code) => {
      if (code !== 0) logs.logError(`Worker ${i} exit:`, new Error(`Worker ${i} exited with code ${code}`));
      if (--left === 0) process.exit(0);
    });
  }
  return true;
}

const isPromise = (value) => Boolean(value && typeof value.then === 'function');

// In a worker: takes events as they come. What is returned fails all that runs here.
function run({ address, handler, streaming, modern, describe, parse, stringify }) {
  const events = new RuntimeApi(address); // a request for the next one waits here all the time
  const answers = new RuntimeApi(address);
  const running = new Set();

  const post = (id, what, headers, body, done = () => {}) => {
    running.delete(id);
    // A large one may be refused before it is read, and then its connection is gone: not with others' answers.
    const api = body.length < LARGE ? answers : new RuntimeApi(address);
    api.post(`invocation/${encodeURIComponent(id)}/${what}`, headers, body, () => {
      if (api !== answers) api.socket?.destroy();
      done();
    });
  };
  const fail = (id, error, done) => {
    logs.logError('Invoke Error', error);
    post(id, 'error', errors.headers(error), JSON.stringify(errors.payload(error)), done);
  };

  // A handler that takes a callback, before nodejs24, is done when it calls it; any other when it returns.
  async function invoke(id, headers, body) {
    running.add(id);
    try {
      const event = parse(body);
      const result = await new Promise((resolve, reject) => {
        const done = (error, value) => (error !== undefined && error !== null ? reject(error) : resolve(value));
        const old = modern ? {} : {
          callbackWaitsForEmptyEventLoop: true,
          succeed: resolve,
          fail: (error) => reject(error ?? 'handled'),
          done,
        };
        const returned = handler(event, describe(headers, old), modern ? undefined : done);
        if (modern || isPromise(returned) || handler.length < 3) resolve(returned);
      });
      post(id, 'response', 'Content-Type: application/json\r\n', stringify(result));
    } catch (error) {
      fail(id, error);
    }
  }

  const poll = () => events.next(undefined, (headers, body) => {
    const requestId = headers['lambda-runtime-aws-request-id'];
    const tenantId = headers['lambda-runtime-aws-tenant-id'];
    const start = streaming ? streaming.invoke : invoke;
    setImmediate(() => store.run({ requestId, tenantId }, start, requestId, headers, body));
    poll();
  });
  poll();

  return (error, done) => {
    let left = running.size;
    if (left === 0) done();
    for (const id of [...running]) fail(id, error, () => { if (--left === 0) done(); });
  };
}

module.exports = { spread, run, store };
