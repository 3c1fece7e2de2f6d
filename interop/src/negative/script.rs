//! What the misbehaving server says to a call, step by step.
//!
//! In: a case. Out: the steps of its answer. It does not know windows or sockets.

use std::collections::VecDeque;

use prost::Message;

use crate::official::large_response;

/// How the server misbehaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Case {
    GoAway,
    RstAfterHeader,
    RstDuringData,
    RstAfterData,
    Ping,
    MaxStreams,
    DataFramePadding,
    NoPaddingSanity,
}

impl Case {
    /// Every case, by its official name.
    pub(super) const ALL: [(&str, Case); 8] = [
        ("goaway", Case::GoAway),
        ("rst_after_header", Case::RstAfterHeader),
        ("rst_during_data", Case::RstDuringData),
        ("rst_after_data", Case::RstAfterData),
        ("ping", Case::Ping),
        ("max_streams", Case::MaxStreams),
        ("data_frame_padding", Case::DataFramePadding),
        ("no_df_padding_sanity_test", Case::NoPaddingSanity),
    ];

    /// The case of this name.
    ///
    /// # Errors
    ///
    /// Says which names there are.
    pub(super) fn named(name: &str) -> Result<Case, String> {
        let found = Case::ALL.iter().find(|(known, _)| *known == name);
        found.map(|(_, case)| *case).ok_or_else(|| {
            format!("there is no case {name:?}; there are: {}", Case::ALL.map(|(name, _)| name).join(" "))
        })
    }
}

/// One step of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Head,
    /// Bytes, and how much padding the frame has.
    Data(Vec<u8>, Option<u8>),
    Ping,
    /// Waits until every PING was acknowledged.
    AwaitAcknowledgements,
    Trailers,
    Reset,
    GoAway,
}

/// The answer to a call that keeps to the rules.
pub(super) fn answer(case: Case) -> VecDeque<Step> {
    let message = large_response().encode_to_vec();
    let length = u32::try_from(message.len()).unwrap_or_default().to_be_bytes();
    let bytes = [&[0], &length[..], &message].concat();
    let half = bytes.get(..bytes.len() / 2).unwrap_or_default();
    let data = |bytes: &[u8], size: usize, padding| {
        let chunks = bytes.chunks(size).map(move |chunk| Step::Data(chunk.to_vec(), padding));
        chunks.collect::<Vec<_>>()
    };
    let mut steps = vec![Step::Head];
    steps.extend(match case {
        Case::RstAfterHeader => Vec::new(),
        Case::RstDuringData => data(half, FRAME_BYTES, None),
        Case::DataFramePadding => data(&bytes, SHORT_FRAME_BYTES, Some(u8::MAX)),
        Case::NoPaddingSanity => data(&bytes, SHORT_FRAME_BYTES, None),
        _ => data(&bytes, FRAME_BYTES, None),
    });
    steps.extend(match case {
        Case::RstAfterHeader | Case::RstDuringData | Case::RstAfterData => vec![Step::Reset],
        Case::GoAway => vec![Step::Trailers, Step::GoAway],
        _ => vec![Step::Trailers],
    });
    if case == Case::Ping {
        steps = steps.into_iter().flat_map(|step| [Step::Ping, step]).collect();
        let last = steps.len().saturating_sub(1);
        steps.insert(last, Step::AwaitAcknowledgements);
    }
    steps.into()
}

/// What every peer accepts without being asked (RFC 9113, section 4.2).
const FRAME_BYTES: usize = 16_384;

/// Short enough that with all the padding a frame can have, four bytes of five are padding.
const SHORT_FRAME_BYTES: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_answer_begins_with_a_head_and_ends_as_its_case_wants() {
        for (name, case) in Case::ALL {
            assert_eq!(Case::named(name), Ok(case));
            let steps = answer(case);
            assert!(matches!(steps.front(), Some(Step::Head | Step::Ping)), "{name}");
            assert!(matches!(steps.back(), Some(Step::Trailers | Step::Reset | Step::GoAway)), "{name}");
        }
    }
}
