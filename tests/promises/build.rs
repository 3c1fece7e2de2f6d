//! Prints tonic's client and server for the service, with tonic's own generator and without protoc.

use tonic_build::manual::{Builder, Method, Service};

fn main() {
    let method = |name: &str, route: &str| {
        Method::builder()
            .name(name)
            .route_name(route)
            .input_type("wirewright::RawMessage")
            .output_type("wirewright::RawMessage")
            .codec_path("crate::peer_tonic::RawCodec")
    };
    let service = Service::builder()
        .name("Load")
        .package("promises")
        .method(method("echo", "Echo").build())
        .method(method("flow", "Flow").server_streaming().build())
        .method(method("early", "Early").client_streaming().build())
        .method(method("hold", "Hold").client_streaming().build())
        .method(method("deaf", "Deaf").client_streaming().server_streaming().build())
        .build();
    Builder::new().compile(&[service]);
}
