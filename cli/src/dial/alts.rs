//! ALTS: known by name, so that who asks for it is told in a sentence why there is none.
//!
//! Application Layer Transport Security is Google's own in the place of TLS. It works between machines of Google's cloud,
//! whose handshaker service holds the keys; nothing of it can be done elsewhere.
//!
//! Must not know: TLS.

use clap::Args;

use crate::failure::Failure;

/// grpcurl's flags for ALTS, all of which are refused.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Alts {
    #[arg(long, hide = true)]
    alts: bool,
    #[arg(long, hide = true)]
    alts_handshaker_service: Option<String>,
    #[arg(long, hide = true)]
    alts_target_service_account: Vec<String>,
}

/// Refuses them.
///
/// # Errors
///
/// If one of them is given.
pub(crate) fn refuse(given: &Alts) -> Result<(), Failure> {
    let Alts { alts, alts_handshaker_service, alts_target_service_account } = given;
    if *alts || alts_handshaker_service.is_some() || !alts_target_service_account.is_empty() {
        let hint = "leave out -alts to speak TLS, or add -plaintext; grpcurl has ALTS, on Google's machines";
        return Err(Failure::usage("ALTS is not spoken here: it needs a handshaker of Google's cloud", hint));
    }
    Ok(())
}
