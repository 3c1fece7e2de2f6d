"""The official flags of interoperability programs.

In: the words of a command line. Out: what they say, and where the generated
stubs are. Source: gRPC doc/interop-test-descriptions.md.
"""

import argparse
import pathlib
import sys

import grpc


def read():
    """Reads the command line: `client` or `server`, then its flags."""
    parser = argparse.ArgumentParser(prog="peer.py")
    roles = parser.add_subparsers(dest="role", required=True)
    client = roles.add_parser("client")
    client.add_argument("--server_host", default="localhost")
    client.add_argument("--server_port", type=int, required=True)
    client.add_argument("--server_host_override")
    client.add_argument("--test_case", required=True)
    client.add_argument("--use_test_ca", type=boolean, default=False)
    client.add_argument("--ca_file")
    client.add_argument("--soak_iterations", type=int, default=10)
    client.add_argument("--soak_per_iteration_max_acceptable_latency_ms", type=int, default=1000)
    client.add_argument("--soak_overall_timeout_seconds", type=int, default=10)
    server = roles.add_parser("server")
    server.add_argument("--port", type=int, required=True)
    server.add_argument("--tls_cert_file")
    server.add_argument("--tls_key_file")
    for role in (client, server):
        role.add_argument("--use_tls", type=boolean, default=False)
    return parser.parse_args()


def boolean(word):
    """`true` or `false`, as all implementations write them."""
    return {"true": True, "false": False}[word]


def find_stubs():
    """Makes the generated package `grpc.testing` importable.

    The package of the protocol files begins with `grpc`, and so does the
    library's own: the stubs, printed beside this program's interpreter, are
    one more place to look for parts of that package.
    """
    grpc.__path__.append(str(pathlib.Path(sys.prefix) / "stubs" / "grpc"))


def read_file(path):
    """The bytes of a file of certificates."""
    return pathlib.Path(path).read_bytes()


# Metadata that the server sends back.
INITIAL_KEY = "x-grpc-test-echo-initial"
TRAILING_KEY = "x-grpc-test-echo-trailing-bin"
