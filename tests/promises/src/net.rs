//! A network of two hosts, and a box between them that delays, loses and reorders packets.
//!
//! ```text
//!   namespace of the client          this process          namespace of the server
//!   10.77.0.1   TUN <--packets--> [ weather, each way ] <--packets--> TUN   10.77.0.2
//! ```
//!
//! TCP in both namespaces is the kernel's own; only the wire between them is made here. It needs the right to make
//! network namespaces and TUN devices; where that is missing nothing can be measured.

use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::Instant;
use tun_rs::{AsyncDevice, DeviceBuilder};

use crate::Failure;

/// What happens to packets, both ways alike.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Weather {
    /// The share that is lost.
    pub(crate) loss: f64,
    pub(crate) delay: Duration,
    /// How much the delay varies, either way.
    pub(crate) jitter: Duration,
    /// The share that overtakes what was sent before it.
    pub(crate) reorder: f64,
    /// Bytes a second; no limit if zero.
    pub(crate) rate: u64,
    /// Nothing passes any more: a dead peer, or a firewall that forgot.
    pub(crate) cut: bool,
}

/// Two hosts and the box. The namespaces go when it is dropped.
pub(crate) struct Network {
    weather: Arc<Mutex<Weather>>,
    ways: Vec<JoinHandle<()>>,
}

impl Network {
    /// Lays it; says what is missing where that cannot be done.
    pub(crate) async fn lay(weather: Weather) -> Result<Network, Failure> {
        // What an earlier run may have left when it was killed.
        tear_down();
        let client = host(CLIENT, "wwclient", "10.77.0.1")?;
        let server = host(SERVER, "wwserver", "10.77.0.2")?;
        let weather = Arc::new(Mutex::new(weather));
        let ways = [(client.clone(), server.clone()), (server, client)];
        let ways = ways.map(|(from, to)| tokio::spawn(carry(from, to, weather.clone())));
        Ok(Network { weather, ways: ways.into() })
    }

    /// From now on.
    pub(crate) fn change(&self, weather: Weather) {
        *self.weather.lock().unwrap_or_else(PoisonError::into_inner) = weather;
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        for way in &self.ways {
            way.abort();
        }
        tear_down();
    }
}

fn tear_down() {
    for namespace in [CLIENT, SERVER] {
        let _ = Command::new("ip").args(["netns", "del", namespace]).output();
    }
}

/// A namespace with one TUN device, whose other end is here.
fn host(namespace: &str, device: &str, address: &str) -> Result<Arc<AsyncDevice>, Failure> {
    ip(&["netns", "add", namespace])?;
    let tun = DeviceBuilder::new().name(device).build_async()?;
    // The device moves; the file that packets are read from stays.
    ip(&["link", "set", device, "netns", namespace])?;
    ip(&["-n", namespace, "addr", "add", &format!("{address}/24"), "dev", device])?;
    ip(&["-n", namespace, "link", "set", "lo", "up"])?;
    ip(&["-n", namespace, "link", "set", device, "mtu", "1500", "up"])?;
    Ok(Arc::new(tun))
}

fn ip(words: &[&str]) -> Result<(), Failure> {
    let output =
        Command::new("ip").args(words).output().map_err(|error| format!("cannot run ip: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let complaint = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(format!("`ip {}`: {complaint}", words.join(" ")).into())
}

/// Carries packets one way.
async fn carry(from: Arc<AsyncDevice>, to: Arc<AsyncDevice>, weather: Arc<Mutex<Weather>>) {
    let mut packet = vec![0; 65_536];
    let mut line = Line { free_at: Instant::now(), last: Instant::now() };
    while let Ok(length) = from.recv(&mut packet).await {
        let weather = *weather.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(arrival) = line.arrival(length, weather) else { continue };
        let (packet, to) = (packet[..length].to_vec(), to.clone());
        if arrival <= Instant::now() {
            let _ = to.send(&packet).await;
        } else {
            tokio::spawn(async move {
                tokio::time::sleep_until(arrival).await;
                let _ = to.send(&packet).await;
            });
        }
    }
}

/// A line of limited rate, and the arrival of the packet before.
struct Line {
    free_at: Instant,
    last: Instant,
}

impl Line {
    /// When a packet arrives; `None` if it does not.
    fn arrival(&mut self, length: usize, weather: Weather) -> Option<Instant> {
        let now = Instant::now();
        if weather.cut || fastrand::f64() < weather.loss {
            return None;
        }
        let mut departure = now;
        if weather.rate > 0 {
            departure = self.free_at.max(now);
            if departure - now > QUEUE {
                return None;
            }
            departure += Duration::from_secs_f64(length as f64 / weather.rate as f64);
            self.free_at = departure;
        }
        let span = weather.jitter.as_secs_f64() * (2.0 * fastrand::f64() - 1.0);
        let delay = Duration::from_secs_f64((weather.delay.as_secs_f64() + span).max(0.0));
        let arrival = departure + delay;
        if fastrand::f64() < weather.reorder {
            // It overtakes: as if the line had no length.
            return Some(departure);
        }
        // Without that, packets stay in their order, jitter or not; a millisecond is a timer's grain.
        self.last = arrival.max(self.last);
        Some(self.last)
    }
}

/// Of the client.
pub(crate) const CLIENT: &str = "wirewright-client";
/// Of the server.
pub(crate) const SERVER: &str = "wirewright-server";
/// Where the server is, seen from the client.
pub(crate) const SERVER_ADDRESS: &str = "10.77.0.2";

/// What a router of such a line holds before it drops.
const QUEUE: Duration = Duration::from_millis(400);
