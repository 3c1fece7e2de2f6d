//! The promises that are measured, in their order.
//!
//! Each file measures one: it begins with the promise itself and says how it is measured. Where another library is
//! named as the anchor, it went through the same code in the same run.

mod p1;
mod p2;
mod p3;
mod p4;
mod retry;

use std::future::Future;
use std::pin::Pin;

use crate::Failure;
use crate::caller::Caller;
use crate::line::Line;
use crate::load::Kind;
use crate::scale::Scale;

/// One of the promises.
pub(crate) struct Promise {
    pub(crate) name: &'static str,
    run: fn(Scale) -> Measuring,
}

type Measuring = Pin<Box<dyn Future<Output = Result<Vec<Line>, Failure>>>>;

impl Promise {
    /// Measures it: one line, or one for each of its parts.
    pub(crate) async fn measure(&self, scale: Scale) -> Result<Vec<Line>, Failure> {
        (self.run)(scale).await
    }

    pub(crate) fn is_called(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }
}

/// All of them.
pub(crate) const ALL: [Promise; 4] = [
    Promise { name: "P1", run: |scale| Box::pin(p1::measure(scale)) },
    Promise { name: "P2", run: |scale| Box::pin(p2::measure(scale)) },
    Promise { name: "P3", run: |scale| Box::pin(p3::measure(scale)) },
    Promise { name: "P4", run: |scale| Box::pin(p4::measure(scale)) },
];

/// The role `part`: the client of a promise that wants one in a process of its own.
pub(crate) async fn part(name: &str, kind: &str, arguments: &[&str]) -> Result<(), Failure> {
    match Kind::read(kind)? {
        Kind::Ours => part_of::<crate::ours::Client>(name, arguments).await,
        Kind::Tonic => part_of::<crate::peer_tonic::Client>(name, arguments).await,
    }
}

async fn part_of<C: Caller>(name: &str, arguments: &[&str]) -> Result<(), Failure> {
    let numbers: Vec<u64> = arguments.iter().map(|argument| argument.parse()).collect::<Result<_, _>>()?;
    match (name, &numbers[..]) {
        ("cancel", &[port, count, size, window]) => {
            p1::cancel::<C>(port as u16, count as usize, size as usize, window as u32).await
        }
        ("early", &[port, count]) => p2::early::<C>(port as u16, count as usize).await,
        ("deaf", &[port, count]) => p2::deaf::<C>(port as u16, count as usize).await,
        _ => Err(format!("there is no part {name} with {} numbers", numbers.len()).into()),
    }
}
