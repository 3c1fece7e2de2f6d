// The interoperability client and server of grpc-js.
//
// In: `client` or `server`, and the official flags. Out: for a client, an
// exit code that says whether the test case passed; a server answers until
// it is ended. What the cases and methods must do is in gRPC
// doc/interop-test-descriptions.md.

'use strict';

const flags = require('./flags');

const words = flags.read();
const role = { client: './client', server: './server' }[words.role];
if (role === undefined) {
  console.error('error: say `client` or `server` first');
  process.exit(1);
}
require(role)(words);
