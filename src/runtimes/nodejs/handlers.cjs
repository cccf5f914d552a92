'use strict';
// Finds the handler that a handler string names.

const fs = require('fs');
const path = require('path');
const { createRequire } = require('module');
const { pathToFileURL } = require('url');

const errors = require('./errors.cjs');

const STREAMING = Symbol.for('aws.lambda.runtime.handler.streaming');
const HIGH_WATER_MARK = Symbol.for('aws.lambda.runtime.handler.streaming.highWaterMark');

class HttpResponseStream {
  // What is written first is the prelude: status, headers and cookies as JSON, then eight NUL bytes.
  static from(stream, prelude) {
    stream.setContentType('application/vnd.awslambda.http-integration-response');
    const text = JSON.stringify(prelude);
    stream._onBeforeFirstWrite = (write) => {
      write(text);
      write(new Uint8Array(8));
    };
    return stream;
  }
}

function defineGlobals() {
  if (['1', 'true'].includes(process.env.AWS_LAMBDA_NODEJS_NO_GLOBAL_AWSLAMBDA)) return;
  globalThis.awslambda = {
    ...globalThis.awslambda,
    streamifyResponse: (handler, options) => {
      handler[STREAMING] = 'response';
      if (typeof options?.highWaterMark === 'number') handler[HIGH_WATER_MARK] = parseInt(options.highWaterMark);
      return handler;
    },
    HttpResponseStream,
  };
}

function streamingOf(handler) {
  const value = handler[STREAMING];
  if (value === undefined || value === null || value === false) return undefined;
  if (value !== 'response') throw new errors.MalformedStreamingHandler('Only response streaming is supported.');
  const mark = parseInt(handler[HIGH_WATER_MARK]);
  return { highWaterMark: Number.isNaN(mark) ? undefined : mark };
}

function isModuleFolder(folder) {
  for (;;) {
    if (folder.endsWith('/node_modules')) return false;
    const file = path.join(folder, 'package.json');
    if (fs.existsSync(file)) {
      try {
        return JSON.parse(fs.readFileSync(file))?.type === 'module';
      } catch (error) {
        console.warn(`${file} cannot be read, it will be ignored for ES module detection purposes.`, error);
        return false;
      }
    }
    if (folder === '/') return false;
    folder = path.resolve(folder, '..');
  }
}

async function loadModule(taskRoot, moduleRoot, name, require, modern) {
  const base = path.resolve(taskRoot, moduleRoot, name);
  const required = (extension) => (fs.existsSync(base + extension) ? require(base + extension) : undefined);
  const imported = (extension) => (fs.existsSync(base + extension) ? import(pathToFileURL(base + extension)) : undefined);
  if (modern) {
    for (const extension of ['', '.js', '.mjs', '.cjs']) {
      const loaded = await imported(extension);
      if (loaded) return loaded;
    }
  } else {
    const plain = required('');
    if (plain) return plain;
    const isModule = fs.existsSync(base + '.js') && isModuleFolder(path.dirname(base));
    const script = isModule ? undefined : required('.js');
    if (script) return script;
    const loaded = (isModule && await imported('.js')) || await imported('.mjs') || required('.cjs');
    if (loaded) return loaded;
  }
  return require(require.resolve(name, { paths: [taskRoot, modern ? path.join(taskRoot, moduleRoot) : moduleRoot] }));
}

const walk = (object, names) => names.split('.').reduce((nested, key) => nested && nested[key], object);

async function load(taskRoot, runtimeDir, full, modern) {
  if (full.includes('..')) {
    throw new errors.MalformedHandlerName(
      `'${full}' is not a valid handler name. Use absolute paths when specifying root directories in handler names.`);
  }
  const file = path.basename(full);
  const moduleRoot = full.substring(0, full.indexOf(file));
  const parts = file.match(/^([^.]*)\.(.*)$/);
  if (!parts) throw new errors.MalformedHandlerName('Bad handler');
  // "Require stack" ends with the file that asked: on Lambda this one.
  const require = createRequire(path.join(runtimeDir, 'index.mjs'));
  let loaded;
  try {
    loaded = await loadModule(taskRoot, moduleRoot, parts[1], require, modern);
  } catch (error) {
    if (error instanceof SyntaxError) {
      const wrapped = new errors.UserCodeSyntaxError(error);
      if (modern) wrapped.stack = error.stack;
      throw wrapped;
    }
    if (error?.code === 'MODULE_NOT_FOUND') throw new errors.ImportModuleError(error);
    throw error;
  }
  let handler = walk(loaded, parts[2]);
  if (!handler && modern && loaded?.default) handler = walk(loaded.default, parts[2]);
  if (!handler) throw new errors.HandlerNotFound(`${full} is undefined or not exported`);
  if (typeof handler !== 'function') throw new errors.HandlerNotFound(`${full} is not a function`);
  return handler;
}

// Callbacks end with nodejs24.x; 20 and 22 warn about them.
function checkSignature(handler, modern) {
  if (modern) {
    if (handler.length >= 3) {
      throw new errors.CallbackHandlerDeprecated(
        'ERROR: AWS Lambda has removed support for callback-based function handlers starting with Node.js 24. You need ' +
        'to modify this function to use a supported handler signature to use Node.js 24 or later. For more information ' +
        'see https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html.');
    }
    return;
  }
  const version = Number(/nodejs(\d+)/.exec(process.env.AWS_EXECUTION_ENV || '')?.[1] ?? parseInt(process.versions.node));
  if (version >= 20 && handler.length === 3 && !require('util').types.isAsyncFunction(handler) &&
      process.env.AWS_LAMBDA_NODEJS_DISABLE_CALLBACK_WARNING === undefined) {
    console.warn(
      'AWS Lambda plans to remove support for callback-based function handlers starting with Node.js 24. You will need ' +
      'to update this function to use an async handler to use Node.js 24 or later. For more information and to provide ' +
      'feedback on this change, see https://github.com/aws/aws-lambda-nodejs-runtime-interface-client/issues/137. To ' +
      'disable this warning, set the AWS_LAMBDA_NODEJS_DISABLE_CALLBACK_WARNING environment variable.');
  }
}

module.exports = { checkSignature, defineGlobals, load, streamingOf };
