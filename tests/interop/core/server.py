"""The interoperability server of C-core.

In: requests that say how they want to be answered. Out: that answer. What
grpcio's interface does not tell a handler, whether a message came compressed,
the server cannot check.
"""

import concurrent.futures
import os
import time

import grpc
from grpc.testing import empty_pb2, messages_pb2, test_pb2_grpc

import flags


class Answers(test_pb2_grpc.TestServiceServicer):
    """Answers as each request wants it."""

    def EmptyCall(self, request, context):
        return empty_pb2.Empty()

    def UnaryCall(self, request, context):
        echo(context)
        end(request, context)
        if request.response_compressed.value:
            context.set_compression(grpc.Compression.Gzip)
        response = messages_pb2.SimpleResponse(payload=payload(request.response_size))
        if request.fill_server_id:
            response.server_id = f"core/{os.getpid()}"
        return response

    def CacheableUnaryCall(self, request, context):
        # The time tells a response that a cache has kept from one that was made anew.
        context.send_initial_metadata([("cache-control", "max-age=60, public")])
        body = str(time.time_ns()).encode()
        return messages_pb2.SimpleResponse(payload=messages_pb2.Payload(body=body))

    def StreamingOutputCall(self, request, context):
        if any(parameters.compressed.value for parameters in request.response_parameters):
            context.set_compression(grpc.Compression.Gzip)
        yield from responses(request, context)

    def StreamingInputCall(self, requests, context):
        total = sum(len(request.payload.body) for request in requests)
        return messages_pb2.StreamingInputCallResponse(aggregated_payload_size=total)

    def FullDuplexCall(self, requests, context):
        echo(context)
        for request in requests:
            end(request, context)
            yield from responses(request, context)

    def HalfDuplexCall(self, requests, context):
        for request in list(requests):
            yield from responses(request, context)


def responses(request, context):
    """The responses that one request wants."""
    for parameters in request.response_parameters:
        time.sleep(parameters.interval_us / 1_000_000)
        if not parameters.compressed.value:
            context.disable_next_message_compression()
        yield messages_pb2.StreamingOutputCallResponse(payload=payload(parameters.size))


def echo(context):
    """Sends text back in the head, and bytes in the trailers."""
    for key, value in context.invocation_metadata():
        if key == flags.INITIAL_KEY:
            context.send_initial_metadata([(key, value)])
        if key == flags.TRAILING_KEY:
            context.set_trailing_metadata([(key, value)])


def end(request, context):
    """Ends the call as the request wants, if it wants an end other than OK."""
    status = request.response_status
    if status.code:
        codes = {code.value[0]: code for code in grpc.StatusCode}
        context.abort(codes[status.code], status.message)


def payload(size):
    return messages_pb2.Payload(body=bytes(size))


def serve(words):
    """Answers until the program is ended."""
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(THREADS))
    test_pb2_grpc.add_TestServiceServicer_to_server(Answers(), server)
    address = f"[::]:{words.port}"
    if words.use_tls:
        pair = (flags.read_file(words.tls_key_file), flags.read_file(words.tls_cert_file))
        server.add_secure_port(address, grpc.ssl_server_credentials([pair]))
    else:
        server.add_insecure_port(address)
    server.start()
    print(f"C-core {grpc.__version__} listening on {address}", flush=True)
    server.wait_for_termination()


# A handler of a stream holds its thread until the stream ends.
THREADS = 16
