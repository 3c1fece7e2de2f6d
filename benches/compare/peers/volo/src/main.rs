//! volo-grpc at either end: `peer-volo server`, or `peer-volo client KIND PORT INFLIGHT SIZE CONNECTIONS`.

fn main() -> Result<(), compare::Failure> {
    compare::peer::run(volo_echoes::serve, volo_echoes::Client::connect)
}
