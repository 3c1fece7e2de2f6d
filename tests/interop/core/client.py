"""The interoperability client of C-core: one case, made once.

In: flags. Out: an exit code, and the reason for a failure. The cases are
functions of the case's name below; those that are missing need what grpcio's
interface does not have: to see whether a response came compressed, or to send
one message of a stream uncompressed.
"""

import queue
import sys
import time

import grpc
from grpc.testing import empty_pb2, messages_pb2, test_pb2_grpc

import flags

REQUEST_SIZES = (27182, 8, 1828, 45904)
RESPONSE_SIZES = (31415, 9, 2653, 58979)
METADATA = ((flags.INITIAL_KEY, "test_initial_metadata_value"), (flags.TRAILING_KEY, b"\xab\xab\xab"))
SPECIAL_MESSAGE = "\t\ntest with whitespace\r\nand Unicode BMP \u263a and non-BMP \U0001f608\t\n"


class Failed(Exception):
    """What was not as it must be."""


def equal(what, found, expected):
    if found != expected:
        raise Failed(f"{what}: expected {expected!r}, found {found!r}")


def fails(what, code, call):
    """Checks that a call ends with this code; gives the error."""
    try:
        call()
    except grpc.RpcError as error:
        equal(f"the code of {what}", error.code(), code)
        return error
    raise Failed(f"{what}: expected {code}, and it went well")


def zeros(size):
    return messages_pb2.Payload(body=bytes(size))


def large(**fields):
    return messages_pb2.SimpleRequest(response_size=314159, payload=zeros(271828), **fields)


def output(size, response_size):
    parameters = [messages_pb2.ResponseParameters(size=response_size)]
    return messages_pb2.StreamingOutputCallRequest(response_parameters=parameters, payload=zeros(size))


def check(response, size):
    equal("the payload", response.payload.body, bytes(size))


class Outgoing:
    """Requests of a stream, sent one by one as the test says."""

    def __init__(self):
        self.waiting = queue.Queue()

    def __iter__(self):
        return iter(self.waiting.get, None)

    def send(self, request):
        self.waiting.put(request)

    def finish(self):
        self.waiting.put(None)


def empty_unary(stub, words):
    equal("the response", stub.EmptyCall(empty_pb2.Empty()), empty_pb2.Empty())


def large_unary(stub, words):
    check(stub.UnaryCall(large()), 314159)


def client_compressed_unary(stub, words):
    expect = messages_pb2.BoolValue
    probe = large(expect_compressed=expect(value=True))
    fails("the probe", grpc.StatusCode.INVALID_ARGUMENT, lambda: stub.UnaryCall(probe))
    for compressed, algorithm in ((True, grpc.Compression.Gzip), (False, grpc.Compression.NoCompression)):
        request = large(expect_compressed=expect(value=compressed))
        check(stub.UnaryCall(request, compression=algorithm), 314159)


def client_streaming(stub, words):
    requests = [messages_pb2.StreamingInputCallRequest(payload=zeros(size)) for size in REQUEST_SIZES]
    response = stub.StreamingInputCall(iter(requests))
    equal("the sum of sizes", response.aggregated_payload_size, sum(REQUEST_SIZES))


def server_streaming(stub, words):
    parameters = [messages_pb2.ResponseParameters(size=size) for size in RESPONSE_SIZES]
    request = messages_pb2.StreamingOutputCallRequest(response_parameters=parameters)
    sizes = [len(response.payload.body) for response in stub.StreamingOutputCall(request)]
    equal("the sizes", tuple(sizes), RESPONSE_SIZES)


def ping_pong(stub, words):
    outgoing = Outgoing()
    responses = stub.FullDuplexCall(iter(outgoing))
    for size, response_size in zip(REQUEST_SIZES, RESPONSE_SIZES):
        outgoing.send(output(size, response_size))
        check(next(responses), response_size)
    outgoing.finish()
    equal("responses that are left", list(responses), [])


def empty_stream(stub, words):
    equal("the responses", list(stub.FullDuplexCall(iter([]))), [])


def custom_metadata(stub, words):
    request = messages_pb2.SimpleRequest(response_size=1, payload=zeros(1))
    response, call = stub.UnaryCall.with_call(request, metadata=METADATA)
    check(response, 1)
    check_metadata(call)
    call = stub.FullDuplexCall(iter([output(1, 1)]), metadata=METADATA)
    for response in call:
        check(response, 1)
    check_metadata(call)


def check_metadata(call):
    pairs = (call.initial_metadata(), call.trailing_metadata())
    for (key, value), where in zip(METADATA, pairs):
        equal(key, [found for name, found in where if name == key], [value])


def status_code_and_message(stub, words):
    status = messages_pb2.EchoStatus(code=2, message="test status message")
    request = messages_pb2.SimpleRequest(response_status=status)
    error = fails("a unary call", grpc.StatusCode.UNKNOWN, lambda: stub.UnaryCall(request))
    equal("the message", error.details(), status.message)
    request = messages_pb2.StreamingOutputCallRequest(response_status=status)
    error = fails("a stream", grpc.StatusCode.UNKNOWN, lambda: list(stub.FullDuplexCall(iter([request]))))
    equal("the message", error.details(), status.message)


def special_status_message(stub, words):
    status = messages_pb2.EchoStatus(code=2, message=SPECIAL_MESSAGE)
    request = messages_pb2.SimpleRequest(response_status=status)
    error = fails("the call", grpc.StatusCode.UNKNOWN, lambda: stub.UnaryCall(request))
    equal("the message", error.details(), SPECIAL_MESSAGE)


def unimplemented_method(stub, words):
    call = lambda: stub.UnimplementedCall(empty_pb2.Empty())
    fails("a method that no server has", grpc.StatusCode.UNIMPLEMENTED, call)


def unimplemented_service(stub, words):
    nobody = test_pb2_grpc.UnimplementedServiceStub(stub.channel)
    call = lambda: nobody.UnimplementedCall(empty_pb2.Empty())
    fails("a service that no server has", grpc.StatusCode.UNIMPLEMENTED, call)


def cancel_after_begin(stub, words):
    outgoing = Outgoing()
    call = stub.StreamingInputCall.future(iter(outgoing))
    call.cancel()
    outgoing.finish()
    equal("the code", call.code(), grpc.StatusCode.CANCELLED)


def cancel_after_first_response(stub, words):
    outgoing = Outgoing()
    call = stub.FullDuplexCall(iter(outgoing))
    outgoing.send(output(27182, 31415))
    check(next(call), 31415)
    call.cancel()
    outgoing.finish()
    fails("a cancelled call", grpc.StatusCode.CANCELLED, lambda: next(call))


def timeout_on_sleeping_server(stub, words):
    outgoing = Outgoing()
    outgoing.send(messages_pb2.StreamingOutputCallRequest(payload=zeros(27182)))
    call = stub.FullDuplexCall(iter(outgoing), timeout=0.001)
    fails("a call with a millisecond to live", grpc.StatusCode.DEADLINE_EXCEEDED, lambda: next(call))
    outgoing.finish()


def concurrent_large_unary(stub, words):
    for call in [stub.UnaryCall.future(large()) for _ in range(1000)]:
        check(call.result(), 314159)


def pick_first_unary(stub, words):
    request = messages_pb2.SimpleRequest(response_size=1, payload=zeros(1), fill_server_id=True)
    servers = {stub.UnaryCall(request).server_id for _ in range(100)}
    if len(servers) != 1 or servers == {""}:
        raise Failed(f"the servers that answer: expected one that says its name, found {servers}")


def rpc_soak(stub, words):
    soak(words, lambda: large_unary(stub, words))


def channel_soak(stub, words):
    def once():
        with connect(words) as channel:
            large_unary(test_pb2_grpc.TestServiceStub(channel), words)

    soak(words, once)


def soak(words, once):
    end = time.monotonic() + words.soak_overall_timeout_seconds
    for iteration in range(words.soak_iterations):
        began = time.monotonic()
        once()
        took = (time.monotonic() - began) * 1000
        if took > words.soak_per_iteration_max_acceptable_latency_ms:
            raise Failed(f"call {iteration} took {took:.0f} ms")
        if time.monotonic() > end:
            raise Failed(f"only {iteration + 1} of {words.soak_iterations} calls were made in time")


CASES = (
    empty_unary, large_unary, client_compressed_unary, client_streaming, server_streaming, ping_pong,
    empty_stream, custom_metadata, status_code_and_message, special_status_message, unimplemented_method,
    unimplemented_service, cancel_after_begin, cancel_after_first_response, timeout_on_sleeping_server,
    concurrent_large_unary, rpc_soak, channel_soak, pick_first_unary,
)


def connect(words):
    """A channel to the server that the flags name."""
    target = f"{words.server_host}:{words.server_port}"
    if not words.use_tls:
        return grpc.insecure_channel(target)
    roots = flags.read_file(words.ca_file) if words.use_test_ca else None
    name = words.server_host_override
    options = [("grpc.ssl_target_name_override", name)] if name else []
    return grpc.secure_channel(target, grpc.ssl_channel_credentials(roots), options)


def make(words):
    """Makes the case that the flags name; gives the exit code."""
    case = {case.__name__: case for case in CASES}.get(words.test_case)
    if case is None:
        print(f"error: there is no test case {words.test_case!r} here", file=sys.stderr)
        return 1
    with connect(words) as channel:
        stub = test_pb2_grpc.TestServiceStub(channel)
        stub.channel = channel
        try:
            case(stub, words)
        except (Failed, grpc.RpcError) as error:
            print(f"error: test case {words.test_case}: {error}", file=sys.stderr)
            return 1
    return 0
