//! A server of this one library: its size is what the library adds to a program, and it is started to see how long
//! that takes.

fn main() -> Result<(), compare::Failure> {
    compare::listen(connectrpc_echoes::serve)
}
