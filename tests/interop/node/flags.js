// The official flags of interoperability programs, and the protocol.
//
// In: the words of a command line. Out: what they say, and the services of
// the protocol files that `--protocols` names.
// Source: gRPC doc/interop-test-descriptions.md.

'use strict';

const fs = require('node:fs');
const { parseArgs } = require('node:util');
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');

const text = (value) => ({ type: 'string', default: value });

// Reads `client` or `server`, and the flags after it.
function read() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      protocols: text(),
      use_tls: text('false'),
      server_host: text('localhost'),
      server_port: text(),
      server_host_override: text(),
      test_case: text(),
      use_test_ca: text('false'),
      ca_file: text(),
      soak_iterations: text('10'),
      soak_per_iteration_max_acceptable_latency_ms: text('1000'),
      soak_overall_timeout_seconds: text('10'),
      port: text(),
      tls_cert_file: text(),
      tls_key_file: text(),
    },
  });
  return { role: positionals[0], ...values };
}

// The package `grpc.testing`, with a client class for each service.
function protocol(words) {
  const definition = loader.loadSync('grpc/testing/test.proto', {
    includeDirs: [words.protocols],
    keepCase: true,
    enums: String,
    defaults: true,
  });
  return grpc.loadPackageDefinition(definition).grpc.testing;
}

module.exports = {
  read,
  protocol,
  file: (path) => fs.readFileSync(path),
  INITIAL_KEY: 'x-grpc-test-echo-initial',
  TRAILING_KEY: 'x-grpc-test-echo-trailing-bin',
};
