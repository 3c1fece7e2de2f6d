//! Prints connectrpc's client and server, with its own generator. It wants `protoc`.

fn main() {
    let printed = connectrpc_build::Config::new()
        .files(&["../echoes.proto"])
        .includes(&[".."])
        .generate_json(false)
        .include_file("_connectrpc.rs")
        .compile();
    if let Err(why) = printed {
        println!("cargo::error=connectrpc's generator: {why:#}");
    }
}
