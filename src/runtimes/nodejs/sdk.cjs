'use strict';
// AWS's SDK, which Lambda's runtime brings, from where npm has installed it for the whole machine. What the function and its
// layers bring goes before. Loaded only where there is one.

const Module = require('module');

const { isSdk } = require('./node_path.cjs');

/** Lets `require` find it; ES modules have node_path.cjs. */
function install(folder) {
  const original = Module._resolveFilename;
  Module._resolveFilename = function (specifier, parent, isMain, options) {
    try {
      return original.call(this, specifier, parent, isMain, options);
    } catch (error) {
      if (error?.code !== 'MODULE_NOT_FOUND' || !isSdk(specifier)) throw error;
      try {
        return original.call(this, specifier, parent, isMain, { paths: [folder] });
      } catch {
        throw error;
      }
    }
  };
}

module.exports = { install };
