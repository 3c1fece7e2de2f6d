// The interoperability client of grpc-js: one case, made once.
//
// In: flags. Out: an exit code, and the reason for a failure. Cases that are
// missing need to see whether a response came compressed, which grpc-js does
// not tell.

'use strict';

const assert = require('node:assert/strict');
const { promisify } = require('node:util');
const grpc = require('@grpc/grpc-js');
const flags = require('./flags');

const REQUEST_SIZES = [27182, 8, 1828, 45904];
const RESPONSE_SIZES = [31415, 9, 2653, 58979];
const INITIAL_VALUE = 'test_initial_metadata_value';
const TRAILING_VALUE = Buffer.from([0xab, 0xab, 0xab]);
const SPECIAL_MESSAGE = '\t\ntest with whitespace\r\nand Unicode BMP \u263a and non-BMP \u{1f608}\t\n';
// `WriteFlags.NoCompress`, which the package does not export.
const NO_COMPRESS = 2;
const GZIP = { 'grpc.default_compression_algorithm': grpc.compressionAlgorithms.gzip };

const zeros = (size) => ({ type: 'COMPRESSABLE', body: Buffer.alloc(size) });
const large = (fields) => ({ response_size: 314159, payload: zeros(271828), ...fields });
const output = (size, responseSize) => ({ response_parameters: [{ size: responseSize }], payload: zeros(size) });
const expect = (value) => ({ expect_compressed: { value } });

// Makes a unary call.
function unary(client, method, request) {
  return promisify(client[method].bind(client))(request);
}

// Checks that a call ends with this code; gives the error.
async function fails(what, code, call) {
  const error = await call.then(
    () => assert.fail(`${what} went well`),
    (error) => error,
  );
  assert.equal(error.code, code, `the code of ${what}: ${error}`);
  return error;
}

// All responses of a stream.
async function all(call) {
  const responses = [];
  for await (const response of call) {
    responses.push(response);
  }
  return responses;
}

function check(response, size) {
  assert.ok(response.payload.body.equals(Buffer.alloc(size)), `a payload of ${size} zeros`);
}

// Begins a client-streaming call; gives the call and its response to be.
function upload(client) {
  let call;
  const response = new Promise((resolve, reject) => {
    call = client.streamingInputCall((error, response) => (error ? reject(error) : resolve(response)));
  });
  return { call, response };
}

const CASES = {
  async empty_unary({ client }) {
    assert.deepEqual(await unary(client, 'emptyCall', {}), {});
  },

  async large_unary({ client }) {
    check(await unary(client, 'unaryCall', large()), 314159);
  },

  async client_compressed_unary({ client, connect }) {
    const { INVALID_ARGUMENT } = grpc.status;
    await fails('the probe', INVALID_ARGUMENT, unary(client, 'unaryCall', large(expect(true))));
    const compressing = connect('TestService', GZIP);
    check(await unary(compressing, 'unaryCall', large(expect(true))), 314159);
    compressing.close();
    check(await unary(client, 'unaryCall', large(expect(false))), 314159);
  },

  async client_streaming({ client }) {
    const { call, response } = upload(client);
    REQUEST_SIZES.forEach((size) => call.write({ payload: zeros(size) }));
    call.end();
    assert.equal((await response).aggregated_payload_size, 74922);
  },

  async client_compressed_streaming({ client, connect }) {
    const probe = upload(client);
    probe.call.end({ payload: zeros(27182), ...expect(true) });
    await fails('the probe', grpc.status.INVALID_ARGUMENT, probe.response);

    const compressing = connect('TestService', GZIP);
    const { call, response } = upload(compressing);
    call.write({ payload: zeros(27182), ...expect(true) });
    // The flags of a message go in the place of its text encoding.
    call.write({ payload: zeros(45904), ...expect(false) }, NO_COMPRESS);
    call.end();
    assert.equal((await response).aggregated_payload_size, 73086);
    compressing.close();
  },

  async server_streaming({ client }) {
    const request = { response_parameters: RESPONSE_SIZES.map((size) => ({ size })) };
    const responses = await all(client.streamingOutputCall(request));
    assert.deepEqual(responses.map((response) => response.payload.body.length), RESPONSE_SIZES);
  },

  async ping_pong({ client }) {
    const call = client.fullDuplexCall();
    let at = 0;
    const ask = () => call.write(output(REQUEST_SIZES[at], RESPONSE_SIZES[at]));
    ask();
    for await (const response of call) {
      check(response, RESPONSE_SIZES[at]);
      at += 1;
      if (at === RESPONSE_SIZES.length) {
        call.end();
      } else {
        ask();
      }
    }
    assert.equal(at, RESPONSE_SIZES.length);
  },

  async empty_stream({ client }) {
    const call = client.fullDuplexCall();
    call.end();
    assert.deepEqual(await all(call), []);
  },

  async custom_metadata({ client }) {
    const metadata = new grpc.Metadata();
    metadata.set(flags.INITIAL_KEY, INITIAL_VALUE);
    metadata.set(flags.TRAILING_KEY, TRAILING_VALUE);
    const watch = (call) => {
      const seen = new Promise((resolve) => {
        call.on('metadata', (head) => call.on('status', (status) => resolve([head, status.metadata])));
      });
      return seen.then(([head, trailers]) => {
        assert.deepEqual(head.get(flags.INITIAL_KEY), [INITIAL_VALUE]);
        assert.deepEqual(trailers.get(flags.TRAILING_KEY), [TRAILING_VALUE]);
      });
    };
    await new Promise((resolve, reject) => {
      const request = { response_size: 1, payload: zeros(1) };
      const call = client.unaryCall(request, metadata, (error) => error && reject(error));
      watch(call).then(resolve, reject);
    });
    const call = client.fullDuplexCall(metadata);
    const seen = watch(call);
    call.end(output(1, 1));
    assert.equal((await all(call)).length, 1);
    await seen;
  },

  async status_code_and_message({ client }) {
    const response_status = { code: 2, message: 'test status message' };
    const { UNKNOWN } = grpc.status;
    const first = await fails('a unary call', UNKNOWN, unary(client, 'unaryCall', { response_status }));
    assert.equal(first.details, response_status.message);
    const call = client.fullDuplexCall();
    call.end({ response_status });
    const second = await fails('a stream', UNKNOWN, all(call));
    assert.equal(second.details, response_status.message);
  },

  async special_status_message({ client }) {
    const response_status = { code: 2, message: SPECIAL_MESSAGE };
    const call = unary(client, 'unaryCall', { response_status });
    assert.equal((await fails('the call', grpc.status.UNKNOWN, call)).details, SPECIAL_MESSAGE);
  },

  async unimplemented_method({ client }) {
    const call = unary(client, 'unimplementedCall', {});
    await fails('a method that no server has', grpc.status.UNIMPLEMENTED, call);
  },

  async unimplemented_service({ connect }) {
    const nobody = connect('UnimplementedService');
    const call = unary(nobody, 'unimplementedCall', {});
    await fails('a service that no server has', grpc.status.UNIMPLEMENTED, call);
    nobody.close();
  },

  async cancel_after_begin({ client }) {
    const { call, response } = upload(client);
    call.cancel();
    await fails('a cancelled call', grpc.status.CANCELLED, response);
  },

  async cancel_after_first_response({ client }) {
    const call = client.fullDuplexCall();
    call.write(output(27182, 31415));
    const read = async () => {
      for await (const response of call) {
        check(response, 31415);
        call.cancel();
      }
    };
    await fails('a cancelled call', grpc.status.CANCELLED, read());
  },

  async timeout_on_sleeping_server({ client }) {
    const call = client.fullDuplexCall({ deadline: Date.now() + 1 });
    call.write({ payload: zeros(27182) });
    await fails('a call with a millisecond to live', grpc.status.DEADLINE_EXCEEDED, all(call));
  },

  async concurrent_large_unary({ client }) {
    const calls = Array.from({ length: 1000 }, () => unary(client, 'unaryCall', large()));
    (await Promise.all(calls)).forEach((response) => check(response, 314159));
  },

  async pick_first_unary({ client }) {
    const servers = new Set();
    for (let n = 0; n < 100; n += 1) {
      const request = { response_size: 1, payload: zeros(1), fill_server_id: true };
      servers.add((await unary(client, 'unaryCall', request)).server_id);
    }
    assert.ok(servers.size === 1 && !servers.has(''), `one server that says its name: ${[...servers]}`);
  },

  async rpc_soak({ client, words }) {
    await soak(words, async () => check(await unary(client, 'unaryCall', large()), 314159));
  },

  async channel_soak({ connect, words }) {
    // A pool that is shared would hand out the same connection again.
    const options = { 'grpc.use_local_subchannel_pool': 1 };
    await soak(words, async () => {
      const client = connect('TestService', options);
      check(await unary(client, 'unaryCall', large()), 314159);
      client.close();
    });
  },
};

async function soak(words, once) {
  const end = Date.now() + 1000 * Number(words.soak_overall_timeout_seconds);
  for (let n = 0; n < Number(words.soak_iterations); n += 1) {
    const began = Date.now();
    await once();
    const took = Date.now() - began;
    assert.ok(took <= Number(words.soak_per_iteration_max_acceptable_latency_ms), `call ${n} took ${took} ms`);
    assert.ok(Date.now() <= end, `only ${n + 1} calls were made in time`);
  }
}

// Gives clients of the server that the flags name.
function connector(words) {
  const services = flags.protocol(words);
  const roots = words.use_test_ca === 'true' ? flags.file(words.ca_file) : null;
  const name = words.server_host_override;
  const secure = words.use_tls === 'true';
  const credentials = secure ? grpc.credentials.createSsl(roots) : grpc.credentials.createInsecure();
  const override =
    secure && name ? { 'grpc.ssl_target_name_override': name, 'grpc.default_authority': name } : {};
  const target = `${words.server_host}:${words.server_port}`;
  return (service, options) => new services[service](target, credentials, { ...override, ...options });
}

module.exports = async function make(words) {
  const name = words.test_case;
  try {
    assert.ok(Object.hasOwn(CASES, name), 'there is no such case here');
    const connect = connector(words);
    const client = connect('TestService');
    await CASES[name]({ client, connect, words });
    client.close();
  } catch (error) {
    console.error(`error: test case ${name}: ${error.message}`);
    process.exitCode = 1;
  }
};
