'use strict';
// Runtime client for Node.js functions, nodejs16.x to 24.x: `<node> [flags] /var/runtime/nodejs/bootstrap.cjs`.
//
// It fetches one event after the other from the Runtime API over a raw socket, calls the handler and posts what came
// of it. Only `net`, `fs`, `path` and `util` are loaded at start (they are in node's own snapshot); what streaming,
// errors and layers need is in sibling files, loaded when it happens.
//
// The behaviour is that of AWS's own client, aws-lambda-ric: 3.x for nodejs16 to 22 (callbacks, context.done), 4.x
// from nodejs24 on (promises only).

const fs = require('fs');
const path = require('path');

const { RuntimeApi } = require('./runtime_api.cjs');
const logs = require('./logs.cjs');
const handlers = require('./handlers.cjs');
const errors = require('./errors.cjs');

const taskRoot = process.env.LAMBDA_TASK_ROOT || '/var/task';
const runtimeDir = process.env.LAMBDA_RUNTIME_DIR || '/var/runtime';
const modern = Number(/nodejs(\d+)/.exec(process.env.AWS_EXECUTION_ENV || '')?.[1] ?? parseInt(process.versions.node)) >= 24;

let api;

// What runs when nothing is left to do: node says so by 'beforeExit', and only because the socket is not counted
// while a handler runs. The symbol is AWS's: instrumentation looks for it.
const IDLE = Symbol.for('aws.lambda.beforeExit');
const nothing = () => {};
const whenIdle = (listener) => { globalThis[IDLE] = listener; };
whenIdle(nothing);
process.on('beforeExit', () => globalThis[IDLE]());

const postError = (id, error, done) =>
  api.post(`invocation/${encodeURIComponent(id)}/error`, errors.headers(error), JSON.stringify(errors.payload(error)), done);
const postInitError = (error, done) =>
  api.post('init/error', errors.headers(error, false), JSON.stringify(errors.payload(error)), done);

// What an error that nobody caught does: during init and during an invocation.
let report = postInitError;
process.on('uncaughtException', (error) => {
  logs.logError('Uncaught Exception', error);
  report(error, () => process.exit(129));
});
process.on('unhandledRejection', (reason, promise) => {
  const error = new errors.UnhandledPromiseRejection(reason, promise);
  logs.logError('Unhandled Promise Rejection', error);
  report(error, () => process.exit(128));
});

function parseHeader(text, name) {
  if (text === undefined || text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`Cannot parse ${name} as json: ${error.toString()}`);
  }
}

// What others see of the invocation that runs; not where several do.
function setTrace(headers) {
  const trace = headers['lambda-runtime-trace-id'];
  if (trace) process.env._X_AMZN_TRACE_ID = trace;
  else delete process.env._X_AMZN_TRACE_ID;
}

function describeInvocation(headers, context) {
  const deadline = Number(headers['lambda-runtime-deadline-ms']);
  if (many === undefined) setTrace(headers);
  return Object.assign(context, {
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    clientContext: parseHeader(headers['lambda-runtime-client-context'], 'ClientContext'),
    identity: parseHeader(headers['lambda-runtime-cognito-identity'], 'CognitoIdentity'),
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    awsRequestId: headers['lambda-runtime-aws-request-id'],
    tenantId: headers['lambda-runtime-aws-tenant-id'],
    getRemainingTimeInMillis: () => deadline - Date.now(),
  });
}

function parse(body) {
  const event = JSON.parse(body);
  const answer = event?.ResponseURL;
  if (typeof answer === 'string' && answer.startsWith('http://') && answer.includes('/_aviary/responses/')) {
    require('./responses.cjs').expect(answer);
  }
  return event;
}

function stringify(result) {
  try {
    return JSON.stringify(result === undefined ? null : result) ?? 'null';
  } catch {
    throw modern
      ? new errors.JSONStringifyError('Unable to stringify response body')
      : new Error('Unable to stringify response body');
  }
}

const isPromise = (value) => Boolean(value && value.then && typeof value.then === 'function');

// A promise that can no longer settle. AWS reports the exit that follows.
function neverSettled(id) {
  const error = new errors.NodeJsExit(
    `RequestId: ${id} Error: The Lambda runtime client detected an unexpected Node.js exit code. This is most ` +
    'commonly caused by a Promise that was never settled. For more information, see ' +
    'https://nodejs.org/docs/latest/api/process.html#exit-codes');
  error.stack = '';
  logs.logError('Invoke Error', error);
  postError(id, error, () => process.exit(13));
}

let handler;
let streaming;
let many; // concurrent.cjs, where several invocations run at once

function next(response) {
  api.next(response, invoked);
}

// A new turn of the loop for each invocation, so that neither its stack nor its errors are the socket's.
function invoked(headers, body) {
  setImmediate(() => {
    const id = headers['lambda-runtime-aws-request-id'];
    logs.setInvocation(id, headers['lambda-runtime-aws-tenant-id']);
    report = (error, done) => postError(id, error, done);
    if (streaming) streaming.invoke(id, headers, body);
    else if (modern) invokeAsync(id, headers, body);
    else invoke(id, headers, body);
  });
}

function invoke(id, headers, body) {
  let waits = true;
  let finished = false;
  let completed = false;
  const fail = (error) => {
    logs.logError('Invoke Error', error);
    postError(id, error, next);
  };
  const complete = (result) => {
    if (completed) {
      console.error('Invocation has already been reported as done. Cannot call complete more than once per invocation.');
      return;
    }
    completed = true;
    next({ id, body: stringify(result) });
  };
  // Only the first call of any of them counts; one that throws was none.
  const once = (action) => (...values) => {
    if (finished) return;
    action(...values);
    finished = true;
  };
  const isError = (error) => error !== undefined && error !== null;
  const done = (error, result) => {
    whenIdle(nothing);
    if (isError(error)) fail(error);
    else complete(result);
  };
  const callback = once((error, result) => {
    if (isError(error) || !waits) {
      done(error, result);
    } else {
      whenIdle(() => setImmediate(() => complete(result)));
    }
  });
  const context = {
    get callbackWaitsForEmptyEventLoop() { return waits; },
    set callbackWaitsForEmptyEventLoop(value) { waits = value; },
    succeed: once((result) => done(null, result)),
    fail: once((error) => done(isError(error) ? error : 'handled')),
    done: once(done),
  };
  try {
    whenIdle(() => {
      whenIdle(nothing);
      completed = true;
      next({ id, body: 'null' });
    });
    const result = handler(parse(body), describeInvocation(headers, context), callback);
    if (isPromise(result)) {
      if (!finished && globalThis[IDLE] !== nothing) whenIdle(() => neverSettled(id));
      result.then(context.succeed, context.fail).catch(context.fail);
    }
  } catch (error) {
    callback(error);
  }
}

async function invokeAsync(id, headers, body) {
  let response;
  try {
    whenIdle(() => neverSettled(id));
    response = { id, body: stringify(await handler(parse(body), describeInvocation(headers, {}))) };
  } catch (error) {
    whenIdle(nothing);
    logs.logError('Invoke Error', error);
    postError(id, error, next);
    return;
  }
  whenIdle(nothing);
  next(response);
}

// Lambda finds packages of layers also for ES modules, which node by itself does not, and AWS's SDK everywhere. Costs
// something, so only when there is such a folder.
function resolveThroughNodePath() {
  const folders = (process.env.NODE_PATH || '').split(':').filter(
    (folder) => folder && folder !== taskRoot && folder !== runtimeDir && fs.existsSync(folder));
  const shared = path.join(process.execPath, '..', '..', 'lib', 'node_modules');
  const sdk = ['@aws-sdk', 'aws-sdk'].some((name) => fs.existsSync(path.join(shared, name))) ? shared : undefined;
  if (sdk) require('./sdk.cjs').install(sdk);
  if (folders.length === 0 && !sdk) return;
  const hooks = require('module');
  if (hooks.registerHooks) {
    hooks.registerHooks({ resolve: require('./node_path.cjs').synchronous({ folders, sdk }) });
  } else if (hooks.register) {
    hooks.register(require('url').pathToFileURL(path.join(__dirname, 'node_path.cjs')), { data: { folders, sdk } });
  }
}

async function main() {
  if (process.env.AVIARY_WAIT) await require('./waiting.cjs').wait();
  if (process.env.AWS_LAMBDA_MAX_CONCURRENCY) {
    many = require('./concurrent.cjs');
    if (many.spread(__filename, modern)) return;
  }
  logs.install(modern, many?.store);
  api = new RuntimeApi(process.env.AWS_LAMBDA_RUNTIME_API);
  resolveThroughNodePath();
  handlers.defineGlobals();
  try {
    handler = await handlers.load(taskRoot, runtimeDir, process.env._HANDLER || '', modern);
    const mode = handlers.streamingOf(handler);
    if (mode) {
      streaming = require('./streaming.cjs').create({
        handler, mode, modern, describeInvocation, address: process.env.AWS_LAMBDA_RUNTIME_API,
        ...(many ? { next: nothing, whenIdle: nothing, sockets: Infinity } : { next, whenIdle }),
      });
    } else {
      handlers.checkSignature(handler, modern);
    }
  } catch (error) {
    logs.logError(modern ? 'Init Error' : 'Uncaught Exception', error);
    postInitError(error, () => process.exit(modern ? 1 : 129));
    return;
  }
  if (many) {
    report = many.run({
      address: process.env.AWS_LAMBDA_RUNTIME_API, handler, streaming, modern, describe: describeInvocation, parse, stringify,
    });
    return;
  }
  if ((process.env.AWS_LAMBDA_INITIALIZATION_TYPE || 'on-demand') !== 'on-demand') {
    require('./exercise.cjs').invokeNothing(api, (headers, body) => {
      describeInvocation(headers, {});
      stringify(JSON.parse(body));
    });
  }
  next();
}

main();
