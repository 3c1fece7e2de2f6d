//! `wright`: the command line of wirewright.

fn main() {}
