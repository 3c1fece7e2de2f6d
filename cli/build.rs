//! Turns the examples' `.proto` files into the messages and services of the demo.

fn main() -> Result<(), wirewright_codegen::Error> {
    wirewright_codegen::compile(
        &["../proto/examples/helloworld.proto", "../proto/examples/route_guide.proto"],
        &["../proto/examples"],
    )
}
