// The interoperability server of grpc-js.
//
// In: requests that say how they want to be answered. Out: that answer.
// grpc-js does not compress responses, and does not tell a handler whether a
// request came compressed.

'use strict';

const { setTimeout } = require('node:timers/promises');
const grpc = require('@grpc/grpc-js');
const flags = require('./flags');

function unaryCall(call, done) {
  const request = call.request;
  const trailers = echo(call);
  const error = end(request.response_status);
  if (error) {
    done(error);
    return;
  }
  const response = { payload: payload(request.response_size) };
  if (request.fill_server_id) {
    response.server_id = `grpc-js/${process.pid}`;
  }
  done(null, response, trailers);
}

// The time tells a response that a cache has kept from one that was made anew.
function cacheableUnaryCall(call, done) {
  const head = new grpc.Metadata();
  head.set('cache-control', 'max-age=60, public');
  call.sendMetadata(head);
  done(null, { payload: { body: Buffer.from(String(process.hrtime.bigint())) } });
}

async function streamingOutputCall(call) {
  await respond(call, call.request);
  call.end();
}

function streamingInputCall(call, done) {
  let total = 0;
  call.on('data', (request) => (total += request.payload.body.length));
  call.on('end', () => done(null, { aggregated_payload_size: total }));
}

async function fullDuplexCall(call) {
  const trailers = echo(call);
  for await (const request of untilCancelled(call)) {
    const error = end(request.response_status);
    if (error) {
      call.emit('error', error);
      return;
    }
    await respond(call, request);
  }
  call.end(trailers);
}

async function halfDuplexCall(call) {
  const waiting = [];
  for await (const request of untilCancelled(call)) {
    waiting.push(request);
  }
  for (const request of waiting) {
    await respond(call, request);
  }
  call.end();
}

// The requests of a stream. One that the client cancels ends here, and there
// is nobody left to be told. The stream outlives its requests, because the
// responses go the other way.
async function* untilCancelled(call) {
  try {
    yield* call.iterator({ destroyOnReturn: false });
  } catch (error) {
    if (!call.cancelled) {
      throw error;
    }
  }
}

// Sends the responses that one request wants.
async function respond(call, request) {
  for (const parameters of request.response_parameters) {
    if (parameters.interval_us > 0) {
      await setTimeout(parameters.interval_us / 1000);
    }
    call.write({ payload: payload(parameters.size) });
  }
}

// Sends text back in the head; gives the trailers that take bytes back.
function echo(call) {
  const head = new grpc.Metadata();
  const trailers = new grpc.Metadata();
  call.metadata.get(flags.INITIAL_KEY).forEach((value) => head.add(flags.INITIAL_KEY, value));
  call.metadata.get(flags.TRAILING_KEY).forEach((value) => trailers.add(flags.TRAILING_KEY, value));
  call.sendMetadata(head);
  return trailers;
}

// The end that a request wants, if it wants one other than OK.
function end(status) {
  return status?.code ? { code: status.code, details: status.message } : null;
}

function payload(size) {
  return { type: 'COMPRESSABLE', body: Buffer.alloc(size) };
}

module.exports = function serve(words) {
  const server = new grpc.Server();
  server.addService(flags.protocol(words).TestService.service, {
    emptyCall: (call, done) => done(null, {}),
    unaryCall,
    cacheableUnaryCall,
    streamingOutputCall,
    streamingInputCall,
    fullDuplexCall,
    halfDuplexCall,
  });
  const credentials =
    words.use_tls === 'true'
      ? grpc.ServerCredentials.createSsl(null, [
          { private_key: flags.file(words.tls_key_file), cert_chain: flags.file(words.tls_cert_file) },
        ])
      : grpc.ServerCredentials.createInsecure();
  server.bindAsync(`[::]:${words.port}`, credentials, (error, port) => {
    if (error) {
      throw error;
    }
    console.log(`grpc-js listening on port ${port}`);
  });
};
