'use strict';
// Functions behind custom resources answer at the event's ResponseURL. Many, the CDK's among them, take its host and path,
// and know that CloudFormation speaks https on the usual port. The emulator does neither; what goes to the place where
// it waits for such answers is sent as its URL says. Loaded with the first such event.

const http = require('http');
const https = require('https');

let waiting; // the URL of the last event

function request(options, ...rest) {
  const asked = options && typeof options === 'object' && !(options instanceof URL) ? options : {};
  const here = (asked.hostname ?? asked.host) === waiting.hostname && asked.path?.startsWith(waiting.root);
  if (!here) return Reflect.apply(original, https, [options, ...rest]);
  return http.request({ ...asked, protocol: 'http:', port: waiting.port, agent: undefined }, ...rest);
}
const original = https.request;

/** Notes where answers are waited for: `http://127.0.0.1:4566/_aviary/responses/…`. */
function expect(text) {
  const url = new URL(text);
  waiting = { hostname: url.hostname, port: url.port, root: url.pathname.slice(0, url.pathname.lastIndexOf('/') + 1) };
  if (https.request === request) return;
  https.request = request;
  require('module').syncBuiltinESMExports(); // for whoever has imported it by name
}

module.exports = { expect };
