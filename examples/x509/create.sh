#!/usr/bin/env bash
# Makes the certificates of the examples anew: an authority, and a server that it vouches for.
#
# The key lies in the open, so these certificates prove nothing to anybody. They are here so that the examples can
# speak TLS on any machine, and for no other use. They are good for a hundred years, because examples have no
# operations team; real certificates live for weeks.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 36500 \
    -subj "/CN=Wirewright examples authority" \
    -addext "basicConstraints=critical,CA:TRUE" -addext "keyUsage=critical,keyCertSign" \
    -keyout ca_key.pem -out ca_cert.pem
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 36500 \
    -subj "/CN=Wirewright examples server" -CA ca_cert.pem -CAkey ca_key.pem \
    -addext "basicConstraints=critical,CA:FALSE" -addext "extendedKeyUsage=serverAuth" \
    -addext "subjectAltName=DNS:x.test.example.com,DNS:localhost,IP:127.0.0.1,IP:::1" \
    -keyout server_key.pem -out server_cert.pem

# Nothing more is to be signed.
rm ca_key.pem
