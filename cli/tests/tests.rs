//! The command line as its users meet it: a process, its arguments, its output and its exit code.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

mod browser;
mod calling;
mod captures;
mod chromium;
mod demo;
mod describing;
mod doors;
mod explain;
mod fingers;
mod fixture;
mod help;
mod lessons;
mod listen;
mod loading;
mod misbehaving;
mod odd;
mod page;
mod peeking;
mod probing;
mod recordings;
mod replay;
mod rubbish;
mod support;
mod tap;
mod wire;
