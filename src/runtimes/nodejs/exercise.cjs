'use strict';
// What an environment that is made ahead does before it is ready: invocations without the function's handler, so that
// its first real one meets no code of this client for the first time.

const EVENT = JSON.stringify({ text: 'value', list: [1, 2.5, null, true], object: { a: { b: 'é' } } });
// As the Runtime API gives an event.
const ANSWER = Buffer.from(
  `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(EVENT)}\r\n` +
  'Lambda-Runtime-Aws-Request-Id: 00000000-0000-0000-0000-000000000000\r\nLambda-Runtime-Deadline-Ms: 0\r\n' +
  `Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:us-east-1:123456789012:function:name\r\n\r\n${EVENT}`);
const TIMES = 20;

// `answer` does all that is done with an event, and the response is dropped.
exports.invokeNothing = (api, answer) => {
  for (let i = 0; i < TIMES && api.socket !== undefined; i++) {
    api.waiting.push((status, headers, body) => answer(headers, body));
    api.received(ANSWER);
  }
};
