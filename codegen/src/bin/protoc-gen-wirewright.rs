//! The `protoc-gen-wirewright` plugin.

fn main() {}
