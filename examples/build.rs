//! Turns the `.proto` files of the examples into Rust. Nothing but cargo is needed for it: no protoc.

fn main() -> Result<(), wirewright_codegen::Error> {
    wirewright_codegen::configure()
        // An example about one feature answers the one or two methods that show it, and no others.
        .unimplemented_stubs(true)
        // One file that holds a module for each package.
        .include_file("_includes.rs")
        .compile(
            &[
                "../proto/examples/helloworld.proto",
                "../proto/examples/route_guide.proto",
                "../proto/examples/echo.proto",
            ],
            &["../proto"],
        )
}
