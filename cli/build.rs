//! Turns the examples' `.proto` files into the messages and services of the demo, and into descriptors to reflect.

use std::path::PathBuf;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    std::fs::create_dir_all(out.join("details"))?;
    wirewright_codegen::configure().file_descriptor_set_path(out.join("demo.bin")).compile(
        &["../proto/examples/helloworld.proto", "../proto/examples/route_guide.proto"],
        &["../proto/examples"],
    )?;
    let protos = ["../proto/google/rpc/status.proto", "../proto/google/rpc/error_details.proto"];
    // Only the descriptors of these are wanted; their code goes where nobody looks for it.
    let details = wirewright_codegen::configure().out_dir(out.join("details"));
    details.file_descriptor_set_path(out.join("error_details.bin")).compile(&protos, &["../proto"])?;
    Ok(())
}
