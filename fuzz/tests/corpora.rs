//! Every seed, and every input that was ever found worth keeping, as an ordinary test.
//!
//! One test and one thread: `message_decoder` counts what its thread allocates, and a panic anywhere, in a task
//! of the runtime too, ends the program at the input that caused it.

use std::path::Path;

#[test]
fn every_seed_keeps_every_promise() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        before(panic);
        std::process::abort();
    }));
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds");
    for (name, target) in wirewright_fuzz::TARGETS {
        let folder = seeds.join(name);
        let mut paths: Vec<_> = std::fs::read_dir(&folder)
            .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
            .map(|entry| entry.expect("a readable folder").path())
            .collect();
        paths.sort();
        assert!(!paths.is_empty(), "{name} has no seeds");
        // An empty input is a seed of every target.
        target(&[]);
        for path in paths {
            println!("{name}: {}", path.display());
            target(&std::fs::read(&path).expect("a readable seed"));
        }
    }
}
