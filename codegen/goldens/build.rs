//! Generates the error details of googleapis, for the test that compares the library's own with them.

fn main() -> Result<(), wirewright_codegen::Error> {
    wirewright_codegen::configure()
        .enable_type_names()
        // Maps in one order, so that equal messages are equal bytes.
        .btree_map(["."])
        .compile(
            &["../../proto/google/rpc/status.proto", "../../proto/google/rpc/error_details.proto"],
            &["../../proto"],
        )
}
