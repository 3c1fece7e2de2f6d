//! Prints tonic's client and server for its methods, with tonic's own generator and without protoc.

use tonic_build::manual::{Builder, Method, Service};

fn main() {
    let method = |name: &str, route: &str| {
        Method::builder()
            .name(name)
            .route_name(route)
            .input_type("crate::Echo")
            .output_type("crate::Echo")
            .codec_path("tonic_prost::ProstCodec")
    };
    let service = Service::builder()
        .name("Echoes")
        .package("bench")
        .method(method("unary", "Unary").build())
        .method(method("many", "Many").server_streaming().build())
        .method(method("handed", "Handed").server_streaming().build())
        .method(method("upload", "Upload").client_streaming().build())
        .method(method("ping_pong", "PingPong").client_streaming().server_streaming().build())
        .build();
    Builder::new().compile(&[service]);
}
