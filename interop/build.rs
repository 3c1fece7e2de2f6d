//! Generates the messages and services of the suites, each package in a module of its own.

fn main() -> Result<(), wirewright_codegen::Error> {
    wirewright_codegen::configure()
        .include_file("protocols.rs")
        .enable_type_names()
        .type_name_domain(["."], "type.googleapis.com")
        .compile(
            &[
                "../proto/connectrpc/conformance/v1/client_compat.proto",
                "../proto/connectrpc/conformance/v1/server_compat.proto",
                "../proto/google/rpc/status.proto",
                "../proto/grpc/testing/test.proto",
            ],
            &["../proto"],
        )
}
