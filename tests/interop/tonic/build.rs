//! Prints tonic's clients and servers with its own generator, and without protoc.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let protocols = "../../../proto";
    println!("cargo::rerun-if-changed={protocols}/grpc/testing");
    let files = protox::compile(["grpc/testing/test.proto"], [protocols])?;
    tonic_prost_build::configure().compile_fds(files)?;
    Ok(())
}
