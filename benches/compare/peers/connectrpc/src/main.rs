//! connectrpc at either end: `peer-connectrpc server`, or `peer-connectrpc client KIND PORT INFLIGHT SIZE CONNECTIONS`.

fn main() -> Result<(), compare::Failure> {
    compare::peer::run(connectrpc_echoes::serve, connectrpc_echoes::Client::connect)
}
