"""The interoperability client and server of C-core, over grpcio's stubs.

In: `client` or `server`, and the official flags. Out: for a client, an exit
code that says whether the test case passed; a server answers until it is
ended. What the cases and methods must do is in gRPC
doc/interop-test-descriptions.md.
"""

import sys

import flags

if __name__ == "__main__":
    words = flags.read()
    flags.find_stubs()
    if words.role == "server":
        import server

        server.serve(words)
    else:
        import client

        sys.exit(client.make(words))
