'use strict';
// How an error reaches the caller, X-Ray and the log.

const { isNativeError } = require('util').types;

const classes = {};
for (const name of ['ImportModuleError', 'HandlerNotFound', 'MalformedHandlerName', 'UserCodeSyntaxError',
  'MalformedStreamingHandler', 'InvalidStreamingOperation', 'JSONStringifyError', 'CallbackHandlerDeprecated',
  'NodeJsExit']) {
  classes[name] = { [name]: class extends Error {} }[name];
}
classes.UnhandledPromiseRejection = class UnhandledPromiseRejection extends Error {
  constructor(reason, promise) {
    super(reason);
    this.reason = reason;
    this.promise = promise;
  }
};
for (const name of Object.keys(classes)) classes[name].prototype.name = `Runtime.${name}`;

// An error of another realm (vm, jest) is one too.
const looksLikeError = (value) => value && value.name && value.message && value.stack &&
  [value.name, value.message, value.stack].every((part) => typeof part === 'string');

const clean = (text) => text?.replace(/\x7F/g, '%7F');

function payload(error) {
  try {
    if (isNativeError(error) || looksLikeError(error)) {
      return {
        errorType: clean(error.name),
        errorMessage: clean(error.message),
        trace: error.stack ? clean(error.stack).split('\n') : [],
      };
    }
    return { errorType: typeof error, errorMessage: error.toString(), trace: [] };
  } catch {
    return {
      errorType: 'handled',
      errorMessage: 'callback called with Error argument, but there was a problem while retrieving one or more of its message, name, and stack',
    };
  }
}

function cause(error) {
  try {
    const stack = [];
    if (error.stack) {
      for (const text of clean(error.stack).split('\n').slice(1)) {
        let line = text.trim().replace(/\(|\)/g, '');
        line = line.substring(line.indexOf(' ') + 1);
        const space = line.lastIndexOf(' ');
        const place = line.slice(space + 1).split(':');
        stack.push({ path: place[0], line: parseInt(place[1]), label: space > 0 ? line.slice(0, space) : 'anonymous' });
      }
    }
    return JSON.stringify({
      working_directory: process.cwd(),
      exceptions: [{ type: clean(error.name), message: clean(error.message), stack }],
      paths: [...new Set(stack.map((entry) => entry.path))],
    });
  } catch {
    return '';
  }
}

// Header values are ASCII without controls; JSON can say the rest with escapes.
const escape = (text) => text.replace(/[^\x20-\x7e]/g, (c) => '\\u' + c.charCodeAt(0).toString(16).padStart(4, '0'));

function headers(error, withCause = true) {
  const type = String(payload(error).errorType ?? '').replace(/[^\x20-\x7e]/g, '?');
  let text = `Content-Type: application/json\r\nLambda-Runtime-Function-Error-Type: ${type}\r\n`;
  if (withCause) {
    const xray = escape(cause(error));
    if (xray && xray.length < 1024 * 1024) text += `Lambda-Runtime-Function-XRay-Error-Cause: ${xray}\r\n`;
  }
  return text;
}

module.exports = { ...classes, payload, headers };
