//! The promises that are measured, in their order.
//!
//! Each file measures one: it begins with the promise itself and says how it is measured. Where another library is
//! named as the anchor, it went through the same code in the same run.

mod p1;
mod p10;
mod p11;
mod p12;
mod p13;
mod p14;
mod p15;
mod p16;
mod p17;
mod p2;
mod p22;
mod p24;
mod p25;
mod p3;
mod p4;
mod p5;
mod p6;
mod p7;
mod p8;
mod p9;
mod retry;

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use crate::Failure;
use crate::attack::Attack;
use crate::caller::Caller;
use crate::line::Line;
use crate::load::Kind;
use crate::scale::Scale;

/// One of the promises.
pub(crate) struct Promise {
    pub(crate) name: &'static str,
    run: fn(Scale) -> Measuring,
}

/// The attack that one means who wants a single line of P5 and says `P5.A3`.
pub(crate) fn single_attack(name: &str) -> Option<Attack> {
    let (promise, wanted) = name.split_once('.')?;
    let is_wanted = |attack: &Attack| attack.name.eq_ignore_ascii_case(wanted);
    Attack::ALL.into_iter().find(is_wanted).filter(|_| promise.eq_ignore_ascii_case("P5"))
}

/// That line alone.
pub(crate) async fn withstand(attack: Attack, scale: Scale) -> Result<Vec<Line>, Failure> {
    p5::measure(&[attack], scale).await
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
pub(crate) const ALL: [Promise; 20] = [
    Promise { name: "P1", run: |scale| Box::pin(p1::measure(scale)) },
    Promise { name: "P2", run: |scale| Box::pin(p2::measure(scale)) },
    Promise { name: "P3", run: |scale| Box::pin(p3::measure(scale)) },
    Promise { name: "P4", run: |scale| Box::pin(p4::measure(scale)) },
    Promise { name: "P5", run: |scale| Box::pin(p5::measure(&Attack::ALL, scale)) },
    Promise { name: "P6", run: |scale| Box::pin(p6::measure(scale)) },
    Promise { name: "P7", run: |scale| Box::pin(p7::measure(scale)) },
    Promise { name: "P8", run: |scale| Box::pin(p8::measure(scale)) },
    Promise { name: "P9", run: |scale| Box::pin(p9::measure(scale)) },
    Promise { name: "P10", run: |scale| Box::pin(p10::measure(scale)) },
    Promise { name: "P11", run: |scale| Box::pin(p11::measure(scale)) },
    Promise { name: "P12", run: |scale| Box::pin(p12::measure(scale)) },
    Promise { name: "P13", run: |scale| Box::pin(p13::measure(scale)) },
    Promise { name: "P14", run: |scale| Box::pin(p14::measure(scale)) },
    Promise { name: "P15", run: |scale| Box::pin(p15::measure(scale)) },
    Promise { name: "P16", run: |scale| Box::pin(p16::measure(scale)) },
    Promise { name: "P17", run: |scale| Box::pin(p17::measure(scale)) },
    Promise { name: "P22", run: |scale| Box::pin(p22::measure(scale)) },
    Promise { name: "P24", run: |scale| Box::pin(p24::measure(scale)) },
    Promise { name: "P25", run: |scale| Box::pin(p25::measure(scale)) },
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
        ("drop", &[port, count]) => p16::drop_calls(port as u16, count as usize).await,
        ("dead", &[port, case]) => p9::dead(port as u16, case as usize).await,
        ("weather", &[port, count]) => p10::weather(port as u16, count as usize).await,
        ("manners", &[port, millis]) => p13::manners(port as u16, Duration::from_millis(millis)).await,
        ("deaf", &[port, count]) => p2::deaf::<C>(port as u16, count as usize).await,
        _ => Err(format!("there is no part {name} with {} numbers", numbers.len()).into()),
    }
}
