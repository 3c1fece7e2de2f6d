//! The decoder against every cut of the stream, every lie in a prefix, and its own promises on memory.

use bytes::BytesMut;
use proptest::prelude::*;

use super::*;

/// The bytes of these messages as they travel.
fn stream(messages: &[(bool, Vec<u8>)]) -> Vec<u8> {
    let mut out = Vec::new();
    for (compressed, message) in messages {
        out.extend(Prefix { compressed: *compressed, len: message.len() as u32 }.to_bytes());
        out.extend(message);
    }
    out
}

fn frame(compressed: bool, bytes: &[u8]) -> Frame {
    Frame { compressed, bytes: Bytes::copy_from_slice(bytes) }
}

/// Every frame that can be had now.
fn drain(decoder: &mut MessageDecoder) -> Result<Vec<Frame>, WireError> {
    let mut frames = Vec::new();
    while let Some(frame) = decoder.next()? {
        frames.push(frame);
    }
    Ok(frames)
}

/// What the decoder has allocated or keeps alive, in bytes.
fn held(decoder: &MessageDecoder) -> usize {
    decoder.partial.capacity() + decoder.chunk.len() + decoder.backlog.capacity()
}

#[test]
fn a_stream_without_a_message_ends_well() {
    let mut decoder = MessageDecoder::new(10);
    assert_eq!(decoder.next(), Ok(None));
    decoder.push(Bytes::new());
    assert_eq!(decoder.next(), Ok(None));
    assert_eq!(decoder.finish(), Ok(()));
}

#[test]
fn an_empty_message_is_a_message() {
    let mut decoder = MessageDecoder::new(0);
    decoder.push(Bytes::from_static(&[0; 10]));
    assert_eq!(drain(&mut decoder), Ok(vec![frame(false, b""), frame(false, b"")]));
    assert_eq!(decoder.finish(), Ok(()));
}

#[test]
fn several_messages_in_one_chunk_come_out_in_order_and_uncopied() {
    let chunk = Bytes::from(stream(&[(false, b"one".to_vec()), (true, b"two".to_vec()), (false, vec![])]));
    let memory = chunk.as_ptr_range();
    let mut decoder = MessageDecoder::new(3);
    decoder.push(chunk);
    let frames = drain(&mut decoder).unwrap();
    assert_eq!(frames, [frame(false, b"one"), frame(true, b"two"), frame(false, b"")]);
    assert!(frames[..2].iter().all(|frame| memory.contains(&frame.bytes.as_ptr())));
    assert_eq!(decoder.partial.capacity(), 0);
}

#[test]
fn a_message_whose_prefix_came_in_an_earlier_chunk_is_not_copied_either() {
    let bytes = Bytes::from(stream(&[(false, b"message".to_vec())]));
    let mut decoder = MessageDecoder::new(100);
    decoder.push(bytes.slice(..5));
    assert_eq!(decoder.next(), Ok(None));
    decoder.push(bytes.slice(5..));
    let found = decoder.next().unwrap().unwrap();
    assert_eq!(found.bytes.as_ptr(), bytes[5..].as_ptr());
}

#[test]
fn after_a_message_that_spans_chunks_the_next_is_uncopied_again() {
    let first = Bytes::from_static(b"\0\0\0\0\x04ab");
    let second = Bytes::from_static(b"cd\0\0\0\0\x02ef");
    let mut decoder = MessageDecoder::new(100);
    decoder.push(first);
    assert_eq!(decoder.next(), Ok(None));
    decoder.push(second.clone());
    let frames = drain(&mut decoder).unwrap();
    assert_eq!(frames, [frame(false, b"abcd"), frame(false, b"ef")]);
    assert_eq!(frames[1].bytes.as_ptr(), second[7..].as_ptr());
}

#[test]
fn the_limit_is_judged_by_the_five_bytes_alone() {
    for (len, limit, fits) in [(10, 10, true), (11, 10, false), (u32::MAX, 4 << 20, false), (1, 0, false)] {
        let mut decoder = MessageDecoder::new(limit);
        decoder.push(Bytes::copy_from_slice(&Prefix { compressed: false, len }.to_bytes()));
        let expected = if fits { Ok(None) } else { Err(WireError::TooLarge { size: len.into(), limit }) };
        assert_eq!(decoder.next(), expected);
    }
}

#[test]
fn a_flag_of_7_is_refused_by_its_number() {
    let mut decoder = MessageDecoder::new(100);
    decoder.push(Bytes::from_static(&[7, 0, 0, 0, 1, 0]));
    assert_eq!(decoder.next(), Err(WireError::BadFlag(7)));
}

#[test]
fn messages_before_a_fault_are_delivered() {
    let mut decoder = MessageDecoder::new(100);
    decoder.push(Bytes::from_static(b"\0\0\0\0\x01a\x02"));
    assert_eq!(decoder.next(), Ok(Some(frame(false, b"a"))));
    assert_eq!(decoder.next(), Ok(None));
    decoder.push(Bytes::from_static(&[0, 0, 0, 0]));
    assert_eq!(decoder.next(), Err(WireError::BadFlag(2)));
}

#[test]
fn after_a_fault_nothing_is_kept_and_nothing_ends_well() {
    let mut decoder = MessageDecoder::new(2);
    decoder.push(Bytes::from_static(b"\0\0\0\0\x03abc"));
    decoder.push(Bytes::from_static(b"\0\0\0\0\x01a"));
    let fault = WireError::TooLarge { size: 3, limit: 2 };
    assert_eq!(decoder.next(), Err(fault.clone()));
    decoder.push(Bytes::from_static(b"\0\0\0\0\x01a"));
    assert_eq!(decoder.next(), Ok(None));
    assert_eq!((decoder.buffered(), held(&decoder)), (0, 0));
    assert_eq!(decoder.finish(), Err(fault));
}

#[test]
fn a_stream_that_ends_inside_a_message_is_truncated() {
    let bytes = stream(&[(false, b"first".to_vec()), (false, b"second".to_vec())]);
    for end in 0..=bytes.len() {
        let mut decoder = MessageDecoder::new(100);
        decoder.push(Bytes::copy_from_slice(&bytes[..end]));
        drain(&mut decoder).unwrap();
        let expected = match end {
            0 | 10 | 21 => Ok(()),
            1..5 => Err(WireError::Truncated { expected: 5, received: end as u64 }),
            5..10 => Err(WireError::Truncated { expected: 5, received: end as u64 - 5 }),
            11..15 => Err(WireError::Truncated { expected: 5, received: end as u64 - 10 }),
            _ => Err(WireError::Truncated { expected: 6, received: end as u64 - 15 }),
        };
        assert_eq!(decoder.finish(), expected, "cut at {end}");
    }
}

#[test]
fn bytes_that_nobody_asked_for_do_not_end_well() {
    let mut decoder = MessageDecoder::new(100);
    decoder.push(Bytes::from_static(b"\0\0\0\0\x01a"));
    assert!(matches!(decoder.finish(), Err(WireError::Truncated { .. })));
    drain(&mut decoder).unwrap();
    assert_eq!(decoder.finish(), Ok(()));
}

#[test]
fn a_claim_of_four_gigabytes_costs_what_arrived() {
    let mut decoder = MessageDecoder::new(usize::MAX);
    decoder.push(Bytes::from_static(&[0, 0xff, 0xff, 0xff, 0xff]));
    assert_eq!(decoder.next(), Ok(None));
    assert_eq!(held(&decoder), 0);
    for round in 1..=100 {
        decoder.push(Bytes::from_static(&[0; 1000]));
        assert_eq!(decoder.next(), Ok(None));
        assert!(held(&decoder) <= 2 * 1000 * round);
    }
}

#[test]
fn a_finished_message_owns_no_slack() {
    let mut decoder = MessageDecoder::new(usize::MAX);
    let bytes = stream(&[(false, vec![1; 100_000])]);
    for chunk in bytes.chunks(16_384).take(6) {
        decoder.push(Bytes::copy_from_slice(chunk));
        assert_eq!(decoder.next(), Ok(None));
    }
    assert_eq!(decoder.partial.capacity(), 100_000);
}

#[test]
fn chunks_keep_their_order_when_the_reader_lags_behind() {
    let message = |letter: u8| Bytes::from(stream(&[(false, vec![letter])]));
    let mut decoder = MessageDecoder::new(100);
    decoder.push(message(b'a'));
    decoder.push(message(b'b'));
    assert_eq!(decoder.next(), Ok(Some(frame(false, b"a"))));
    decoder.push(message(b'c'));
    assert_eq!(drain(&mut decoder), Ok(vec![frame(false, b"b"), frame(false, b"c")]));
}

#[test]
fn a_chunk_that_is_used_up_is_let_go() {
    for bytes in [&b"\0\0\0\0\x01"[..], b"\0\0\0", b"\0\0\0\0\x01a", b"\0\0\0\0\x02a"] {
        let chunk = Bytes::copy_from_slice(bytes);
        let mut decoder = MessageDecoder::new(100);
        decoder.push(chunk.clone());
        drop(drain(&mut decoder).unwrap());
        assert!(chunk.is_unique(), "{bytes:?}");
    }
}

#[test]
fn a_flood_of_tiny_chunks_costs_its_bytes_and_not_its_chunks() {
    let mut decoder = MessageDecoder::new(100);
    for _ in 0..10_000 {
        decoder.push(Bytes::from_static(b"\0\0\0\0\x01a"));
    }
    assert_eq!(decoder.buffered(), 60_000);
    assert!(held(&decoder) <= 2 * 60_000);
    assert_eq!(drain(&mut decoder).unwrap().len(), 10_000);
    assert_eq!(decoder.buffered(), 0);
}

/// Messages of which a few are longer than the chunks below.
fn messages() -> impl Strategy<Value = Vec<(bool, Vec<u8>)>> {
    let len = prop_oneof![8 => 0..40_usize, 2 => 0..2_000_usize, 1 => 0..50_000_usize];
    let message = (any::<bool>(), len, any::<u8>())
        .prop_map(|(flag, len, seed)| (flag, (0..len).map(|at| seed.wrapping_add(at as u8)).collect()));
    prop::collection::vec(message, 0..12)
}

/// How long each chunk is, and how often the reader asks before the next one.
fn rhythm() -> impl Strategy<Value = Vec<(usize, usize)>> {
    let len = prop_oneof![4 => 1..8_usize, 3 => 1..300_usize, 1 => 1..20_000_usize];
    let asks = prop_oneof![0..3_usize, Just(usize::MAX)];
    prop::collection::vec((len, asks), 1..20)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_chunking_gives_the_same_messages_within_bounded_memory(messages in messages(), rhythm in rhythm()) {
        let bytes = Bytes::from(stream(&messages));
        let mut decoder = MessageDecoder::new(50_000);
        let (mut frames, mut sent, mut turns) = (Vec::new(), 0, rhythm.iter().cycle());
        while sent < bytes.len() {
            let (len, asks) = turns.next().unwrap();
            let end = bytes.len().min(sent + len);
            decoder.push(bytes.slice(sent..end));
            sent = end;
            prop_assert!(held(&decoder) <= 2 * sent + 16 * 1024);
            for _ in 0..*asks {
                let Some(frame) = decoder.next().unwrap() else { break };
                frames.push(frame);
            }
            prop_assert!(held(&decoder) <= 2 * sent + 16 * 1024);
            let delivered: usize = frames.iter().map(|frame| PREFIX_LEN + frame.bytes.len()).sum();
            prop_assert_eq!(decoder.buffered(), sent - delivered);
        }
        frames.extend(drain(&mut decoder).unwrap());
        let expected: Vec<Frame> = messages.iter().map(|(flag, message)| frame(*flag, message)).collect();
        prop_assert_eq!(frames, expected);
        prop_assert_eq!(decoder.finish(), Ok(()));
        prop_assert_eq!(decoder.buffered(), 0);
    }

    #[test]
    fn noise_is_read_the_same_in_one_piece_and_byte_by_byte(noise in prop::collection::vec(0..4_u8, 0..400)) {
        let mut whole = MessageDecoder::new(300);
        whole.push(Bytes::copy_from_slice(&noise));
        let mut bytewise = MessageDecoder::new(300);
        let mut frames = Vec::new();
        let mut fault = None;
        for byte in &noise {
            bytewise.push(Bytes::copy_from_slice(&[*byte]));
            loop {
                match bytewise.next() {
                    Ok(Some(frame)) => frames.push(frame),
                    Ok(None) => break,
                    Err(error) => fault = Some(error),
                }
            }
        }
        let mut at_once = Vec::new();
        let mut fault_at_once = None;
        loop {
            match whole.next() {
                Ok(Some(frame)) => at_once.push(frame),
                Ok(None) => break,
                Err(error) => fault_at_once = Some(error),
            }
        }
        prop_assert_eq!(frames, at_once);
        prop_assert_eq!(fault, fault_at_once);
        prop_assert_eq!(bytewise.finish(), whole.finish());
        prop_assert_eq!(bytewise.buffered(), whole.buffered());
    }

    #[test]
    fn decoding_undoes_encoding(messages in messages()) {
        let mut out = BytesMut::new();
        for (_, message) in &messages {
            let message = crate::RawMessage(Bytes::copy_from_slice(message));
            super::super::encode_message(&message, usize::MAX, &mut out).unwrap();
        }
        let mut decoder = MessageDecoder::new(usize::MAX);
        decoder.push(out.freeze());
        let decoded: Vec<Vec<u8>> = drain(&mut decoder).unwrap().iter().map(|frame| frame.bytes.to_vec()).collect();
        let sent: Vec<Vec<u8>> = messages.into_iter().map(|(_, message)| message).collect();
        prop_assert_eq!(decoded, sent);
    }
}
