'use strict';
// The console, writing Lambda's log lines.

const LEVELS = {
  TRACE: { name: 'TRACE', priority: 1, bits: 4 },
  DEBUG: { name: 'DEBUG', priority: 2, bits: 8 },
  INFO: { name: 'INFO', priority: 3, bits: 12 },
  WARN: { name: 'WARN', priority: 4, bits: 16 },
  ERROR: { name: 'ERROR', priority: 5, bits: 20 },
  FATAL: { name: 'FATAL', priority: 6, bits: 24 },
};

const { format } = require('util');

let json = false;
const REQUEST_ID = Symbol.for('aws.lambda.runtime.requestId');
const TENANT_ID = Symbol.for('aws.lambda.runtime.tenantId');

let store; // where several invocations run at once: what each of them is, by what it does
const requestIdNow = () => (store === undefined ? globalThis[REQUEST_ID] : store.getStore()?.requestId);
const tenantIdNow = () => (store === undefined ? globalThis[TENANT_ID] : store.getStore()?.tenantId);

function setInvocation(requestId, tenantId) {
  globalThis[REQUEST_ID] = requestId;
  globalThis[TENANT_ID] = tenantId;
}

const stackLines = (error, otherwise) => (typeof error.stack === 'string' ? error.stack.split('\n') : otherwise);

const describeErrors = (_, value) => (value instanceof Error
  ? Object.assign({
    errorType: value?.constructor?.name ?? 'UnknownError',
    errorMessage: value.message,
    stackTrace: stackLines(value, value.stack),
  }, value)
  : value);

function jsonLine(time, level, values) {
  const line = { timestamp: time, level: level.name, requestId: requestIdNow() };
  const tenant = tenantIdNow();
  if (tenant !== undefined && tenant !== null) line.tenantId = tenant;
  if (values.length === 1) {
    line.message = values[0];
    try {
      return JSON.stringify(line, describeErrors);
    } catch {
      line.message = format(values[0]);
      return JSON.stringify(line);
    }
  }
  line.message = format(...values);
  const error = values.find((value) => value instanceof Error);
  if (error) {
    line.errorType = error?.constructor?.name ?? 'UnknownError';
    line.errorMessage = error.message;
    line.stackTrace = stackLines(error, []);
  }
  return JSON.stringify(line);
}

const textLine = (time, level, values) => `${time}\t${requestIdNow()}\t${level.name}\t${format(...values)}`;
const lineOf = (time, level, values) => (json ? jsonLine : textLine)(time, level, values);

// Without frames around them, records are told apart by their line feeds: those inside become carriage returns.
const toStdout = (level, values) => {
  process.stdout.write(lineOf(new Date().toISOString(), level, values).replace(/\n/g, '\r') + '\n');
};

// A worker thread's standard output goes through the main thread, and would come too late.
const atOnce = (level, values) => {
  const line = Buffer.from(lineOf(new Date().toISOString(), level, values).replace(/\n/g, '\r') + '\n');
  for (let written = 0; written < line.length;) {
    try {
      written += require('fs').writeSync(1, line, written);
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error;
    }
  }
};

// Frames on the descriptor that the platform offers: type, length, microseconds, text; big endian.
const toDescriptor = (descriptor) => (level, values) => {
  const now = new Date();
  const text = Buffer.from(lineOf(now.toISOString(), level, values) + (json ? '' : '\n'), 'utf8');
  const head = Buffer.alloc(16);
  head.writeUInt32BE(((json ? 0xa55a0002 : 0xa55a0003) | level.bits) >>> 0, 0);
  head.writeInt32BE(text.length, 4);
  head.writeBigInt64BE(BigInt(now.valueOf()) * 1000n, 8);
  require('fs').writeSync(descriptor, Buffer.concat([head, text]));
};

function install(modern, storage) {
  json = (process.env.AWS_LAMBDA_LOG_FORMAT || '').toUpperCase() === 'JSON';
  store = storage;
  let write = storage === undefined ? toStdout : atOnce;
  if (process.env._LAMBDA_TELEMETRY_LOG_FD != null) {
    write = toDescriptor(parseInt(process.env._LAMBDA_TELEMETRY_LOG_FD));
    delete process.env._LAMBDA_TELEMETRY_LOG_FD;
  }
  if (modern) globalThis[REQUEST_ID] = '-'; // before the first invocation; older clients say "undefined"
  const lowest = LEVELS[process.env.AWS_LAMBDA_LOG_LEVEL?.toUpperCase()] ?? LEVELS.TRACE;
  const method = (level) => (level.priority >= lowest.priority
    ? (message, ...values) => write(level, [message, ...values])
    : () => {});
  console.trace = method(LEVELS.TRACE);
  console.debug = method(LEVELS.DEBUG);
  console.info = console.log = method(LEVELS.INFO);
  console.warn = method(LEVELS.WARN);
  console.error = method(LEVELS.ERROR);
  console.fatal = (message, ...values) => write(LEVELS.FATAL, [message, ...values]);
}

const asError = (error) => (error instanceof Error ? error : new Error(error));

const allProperties = (_, value) => {
  if (!(value instanceof Error)) return value;
  const shown = Object.assign({ errorType: value.name, errorMessage: value.message, code: value.code }, value);
  if (typeof value.stack === 'string') shown.stack = value.stack.split('\n');
  return shown;
};

function logError(message, error) {
  if (json) {
    console.error(asError(error));
    return;
  }
  let text;
  try {
    text = JSON.stringify(asError(error), allProperties);
  } catch {
    text = JSON.stringify(require('./errors.cjs').payload(error));
  }
  console.error(message, '\t' + text);
}

module.exports = { install, logError, setInvocation };
