//! Metadata from the command line: `-H 'name: value'` and its kin.
//!
//! In: what was typed. Out: metadata for calls, and for the questions that find out what can be called.
//!
//! A value whose name ends in `-bin` is given in base64, as it travels. With `-expand-headers`, `${NAME}` stands for a
//! variable of the environment, so that no secret is seen in the list of processes.
//!
//! Must not know: what is called.

use clap::Args;
use wirewright::Metadata;

use crate::failure::Failure;

/// Metadata to send.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Metadata")]
pub(crate) struct HeaderFlags {
    /// Send this with the call, and when asking what can be called
    #[arg(short = 'H', value_name = "NAME: VALUE", allow_hyphen_values = true)]
    pub(crate) header: Vec<String>,
    /// Send this with the call alone
    #[arg(long, value_name = "NAME: VALUE", allow_hyphen_values = true)]
    pub(crate) rpc_header: Vec<String>,
    /// Send this only when asking what can be called
    #[arg(long, value_name = "NAME: VALUE", allow_hyphen_values = true)]
    pub(crate) reflect_header: Vec<String>,
    /// Put variables of the environment in the place of ${NAME}
    #[arg(long)]
    pub(crate) expand_headers: bool,
}

impl HeaderFlags {
    /// What goes with the call.
    pub(crate) fn for_call(&self) -> Result<Metadata, Failure> {
        self.read(&self.rpc_header)
    }

    /// What goes with questions.
    pub(crate) fn for_reflection(&self) -> Result<Metadata, Failure> {
        self.read(&self.reflect_header)
    }

    fn read(&self, more: &[String]) -> Result<Metadata, Failure> {
        let variable = |name: &str| std::env::var(name).ok();
        let mut metadata = Metadata::new();
        for text in self.header.iter().chain(more) {
            let text = if self.expand_headers { expand(text, variable)? } else { text.clone() };
            let (name, value) = text.split_once(':').ok_or_else(|| {
                Failure::usage(format!("{text:?} is no header"), "write 'name: value', colon and all")
            })?;
            let (name, value) = (name.trim().to_ascii_lowercase(), value.trim());
            let added = if name.ends_with("-bin") {
                let bytes = wirewright::metadata::binary::decode(value.as_bytes()).ok_or_else(|| {
                    Failure::usage(
                        format!("the value of {name} is not base64"),
                        "a -bin value is given in base64",
                    )
                })?;
                metadata.append_bin(&name, &bytes)
            } else {
                metadata.append(&name, value)
            };
            added.map_err(|error| {
                Failure::usage(error.to_string(), "see gRPC's PROTOCOL-HTTP2 for what may be sent")
            })?;
        }
        Ok(metadata)
    }
}

/// The text with variables in place of their names.
fn expand(text: &str, variable: impl Fn(&str) -> Option<String>) -> Result<String, Failure> {
    let mut expanded = String::new();
    let mut rest = text;
    while let Some((before, (name, after))) =
        rest.split_once("${").and_then(|(before, after)| Some((before, after.split_once('}')?)))
    {
        let missing = || {
            let hint = format!("set it: export {name}=...");
            Failure::usage(format!("the environment has no variable {name}"), hint)
        };
        expanded.push_str(before);
        expanded.push_str(&variable(name).ok_or_else(missing)?);
        rest = after;
    }
    expanded.push_str(rest);
    Ok(expanded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_read_as_grpcurl_reads_them() {
        let flags = HeaderFlags {
            header: vec!["A: b:c".into(), "x-bin: AAEC".into()],
            rpc_header: vec!["only-call:1".into()],
            reflect_header: vec!["only-questions: 2".into()],
            expand_headers: false,
        };
        let call = flags.for_call().unwrap();
        assert_eq!((call.get("a"), call.get("only-call")), (Some("b:c"), Some("1")));
        assert_eq!(call.get_bin("x-bin").unwrap()[..], [0, 1, 2]);
        assert!(!call.contains_key("only-questions"));
        assert_eq!(flags.for_reflection().unwrap().get("only-questions"), Some("2"));
    }

    #[test]
    fn what_is_no_header_is_refused_with_a_hint() {
        for text in ["nocolon", "x-bin: *", "grpc-status: 0", "a b: c"] {
            let flags = HeaderFlags { header: vec![text.into()], ..HeaderFlags::default() };
            let failure = flags.for_call().unwrap_err();
            assert_eq!(failure.exit(), 2, "{text}");
            assert!(!failure.hint().is_empty(), "{text}");
        }
    }

    #[test]
    fn variables_are_expanded_and_missing_ones_named() {
        let variable = |name: &str| (name == "TOKEN").then(|| "s3cret".to_owned());
        assert_eq!(expand("a: Bearer ${TOKEN}!", variable).unwrap(), "a: Bearer s3cret!");
        assert_eq!(expand("a: ${unclosed", variable).unwrap(), "a: ${unclosed");
        assert!(expand("a: ${NOPE}", variable).unwrap_err().to_string().contains("NOPE"));
    }
}
