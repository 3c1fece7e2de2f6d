//! Prints tonic's client and server for the one method, with tonic's own generator and without protoc.

fn main() {
    let echo = tonic_build::manual::Method::builder()
        .name("unary")
        .route_name("Unary")
        .input_type("crate::Echo")
        .output_type("crate::Echo")
        .codec_path("tonic_prost::ProstCodec")
        .build();
    let service =
        tonic_build::manual::Service::builder().name("Echoes").package("bench").method(echo).build();
    tonic_build::manual::Builder::new().compile(&[service]);
}
