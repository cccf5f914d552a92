'use strict';
// ES modules that find packages in NODE_PATH, as Lambda's node does: layers put theirs into /opt/nodejs.
//
// Used in two ways: in the thread itself where node has module.registerHooks (22.15, 23.5), else by module.register,
// which loads this file into node's thread for hooks.

const path = require('path');
const { createRequire } = require('module');
const { pathToFileURL } = require('url');

const isBare = (specifier) => !/^(\.{0,2}\/|node:|file:|data:|#)/.test(specifier);
const isSdk = (specifier) => /^(@aws-sdk\/|@smithy\/|aws-sdk$|aws-sdk\/)/.test(specifier);
const isMissing = (error) => error?.code === 'ERR_MODULE_NOT_FOUND';

// Where node should believe the import to be written, so that it looks into `folder`.
const parentOf = (folder) => pathToFileURL(path.join(folder.replace(/\/node_modules\/?$/, ''), 'index.mjs')).href;

function fallback(folder, specifier) {
  try {
    return { url: pathToFileURL(createRequire(path.join(folder, 'index.cjs')).resolve(path.join(folder, specifier))).href, shortCircuit: true };
  } catch {
    return undefined;
  }
}

// `sdk`: a folder for AWS's SDK alone.
const foldersFor = ({ folders, sdk }, specifier) => (sdk && isSdk(specifier) ? [...folders, sdk] : folders);

const synchronous = (places) => (specifier, context, next) => {
  try {
    return next(specifier, context);
  } catch (error) {
    if (!isMissing(error) || !isBare(specifier)) throw error;
    for (const folder of foldersFor(places, specifier)) {
      if (!folder.endsWith('node_modules')) {
        const found = fallback(folder, specifier);
        if (found) return found;
        continue;
      }
      try {
        return next(specifier, { ...context, parentURL: parentOf(folder) });
      } catch (other) {
        if (!isMissing(other)) throw other;
      }
    }
    throw error;
  }
};

let known = { folders: [] };
async function resolve(specifier, context, next) {
  try {
    return await next(specifier, context);
  } catch (error) {
    if (!isMissing(error) || !isBare(specifier)) throw error;
    for (const folder of foldersFor(known, specifier)) {
      if (!folder.endsWith('node_modules')) {
        const found = fallback(folder, specifier);
        if (found) return found;
        continue;
      }
      try {
        return await next(specifier, { ...context, parentURL: parentOf(folder) });
      } catch (other) {
        if (!isMissing(other)) throw other;
      }
    }
    throw error;
  }
}

exports.initialize = (data) => { known = data; };
exports.isSdk = isSdk;
exports.resolve = resolve;
exports.synchronous = synchronous;
