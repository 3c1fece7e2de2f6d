//! Turns the examples' `.proto` files into the messages and services of the demo, and into descriptors to reflect.

use std::path::PathBuf;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    wirewright_codegen::configure().file_descriptor_set_path(out.join("demo.bin")).compile(
        &["../proto/examples/helloworld.proto", "../proto/examples/route_guide.proto"],
        &["../proto/examples"],
    )?;
    Ok(())
}
