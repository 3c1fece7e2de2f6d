//! HPACK against the examples of RFC 7541 appendix C, and against noise.

use super::*;
use crate::inspect::span::is_partition;
use proptest::prelude::*;

/// Bytes from hex digits, spaces ignored.
fn hex(digits: &str) -> Bytes {
    let digits: Vec<u8> = digits.bytes().filter(|digit| *digit != b' ').collect();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.chunks(2).map(byte).collect()
}

/// The fields of a block, one per line, each with form and origins.
fn told(entries: &[Entry]) -> String {
    let line = |entry: &Entry| match entry {
        Entry::Field(field) => {
            format!("{entry} [{}, {}, {}]\n", field.form, field.name.origin, field.value.origin)
        }
        other => format!("{other}\n"),
    };
    entries.iter().map(line).collect()
}

fn spans(entries: &[Entry]) -> Vec<Span> {
    entries.iter().flat_map(Entry::spans).collect()
}

#[test]
fn each_form_tells_how_it_was_written() {
    // RFC 7541 C.2.
    let cases = [
        (
            "400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572",
            "custom-key: custom-header [remembered, in plain letters, in plain letters]\n",
            55,
        ),
        (
            "040c 2f73 616d 706c 652f 7061 7468",
            ":path: /sample/path [not remembered, static 4, in plain letters]\n",
            0,
        ),
        (
            "1008 7061 7373 776f 7264 0673 6563 7265 74",
            "password: secret [never remembered, in plain letters, in plain letters]\n",
            0,
        ),
        ("82", ":method: GET [indexed, static 2, static 2]\n", 0),
        ("3fe1 1f", "(table of 4096 bytes)\n", 0),
    ];
    for (block, text, size) in cases {
        let mut decoder = HpackDecoder::new();
        let block = hex(block);
        let entries = decoder.decode(&block);
        assert_eq!(told(&entries), text);
        assert_eq!(decoder.table.size(), size, "{text}");
        assert!(is_partition(&spans(&entries), 0..block.len()));
    }
}

#[test]
fn requests_on_one_connection_grow_shorter() {
    // RFC 7541 C.3 in plain letters and C.4 in Huffman's; the fields and the
    // table are the same.
    let plain = [
        "8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
        "8286 84be 5808 6e6f 2d63 6163 6865",
        "8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65",
    ];
    let huffman = [
        "8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff",
        "8286 84be 5886 a8eb 1064 9cbf",
        "8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf",
    ];
    let expected = [
        (":method: GET|:scheme: http|:path: /|:authority: www.example.com", 57),
        (":method: GET|:scheme: http|:path: /|:authority: www.example.com|cache-control: no-cache", 110),
        (
            ":method: GET|:scheme: https|:path: /index.html|:authority: www.example.com|custom-key: custom-value",
            164,
        ),
    ];
    for blocks in [plain, huffman] {
        let mut decoder = HpackDecoder::new();
        for (block, (fields, size)) in blocks.into_iter().zip(expected) {
            let entries = decoder.decode(&hex(block));
            let told: Vec<_> = entries.iter().map(Entry::to_string).collect();
            assert_eq!(told.join("|"), fields);
            assert_eq!(decoder.table.size(), size);
        }
    }
}

#[test]
fn a_small_table_forgets_its_oldest_rows() {
    // RFC 7541 C.5 and C.6: answers with a table of 256 bytes. The last block
    // pushes out the rows that it has itself just used.
    let plain = [
        "4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 \
         2032 303a 3133 3a32 3120 474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
        "4803 3330 37c1 c0bf",
        "88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d \
         54c0 5a04 677a 6970 7738 666f 6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 \
         553b 206d 6178 2d61 6765 3d33 3630 303b 2076 6572 7369 6f6e 3d31",
    ];
    let huffman = [
        "4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 \
         2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3",
        "4883 640e ffc1 c0bf",
        "88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab \
         77ad 94e7 821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed \
         4ee5 b106 3d50 07",
    ];
    let expected = [
        (
            ":status: 302|cache-control: private|date: Mon, 21 Oct 2013 20:13:21 GMT|location: https://www.example.com",
            222,
        ),
        (
            ":status: 307|cache-control: private|date: Mon, 21 Oct 2013 20:13:21 GMT|location: https://www.example.com",
            222,
        ),
        (
            ":status: 200|cache-control: private|date: Mon, 21 Oct 2013 20:13:22 GMT|location: https://www.example.com\
             |content-encoding: gzip|set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1",
            215,
        ),
    ];
    for blocks in [plain, huffman] {
        let mut decoder = HpackDecoder::new();
        decoder.decode(&hex("3fe1 01"));
        for (block, (fields, size)) in blocks.into_iter().zip(expected) {
            let entries = decoder.decode(&hex(block));
            let told: Vec<_> = entries.iter().map(Entry::to_string).collect();
            assert_eq!(told.join("|"), fields);
            assert_eq!(decoder.table.size(), size);
        }
    }
}

#[test]
fn a_field_is_told_byte_by_byte() {
    let entries = HpackDecoder::new().decode(&hex("83 44 82 6402 00 01 61 00 20"));
    let spans = spans(&entries);
    let told: Vec<_> =
        spans.iter().map(|span| format!("{} {:?} {}", span.range.len(), span.kind, span.note)).collect();
    assert_eq!(
        told,
        [
            "1 FieldIndex :method: POST is static 3",
            "1 FieldForm :path is static 4; remembered",
            "1 ValueLength 2 bytes, Huffman",
            "2 Value 302",
            "1 FieldForm not remembered",
            "1 NameLength 1 byte",
            "1 Name a",
            "1 ValueLength 0 bytes",
            "1 TableSize 0 bytes",
        ]
    );
}

#[test]
fn whoever_joins_late_knows_what_is_said_from_then_on() {
    let mut decoder = HpackDecoder::joined_late();
    // 62 was said earlier; then a: b is said, and pushes it to 63. A new value
    // for an unheard name takes part in the table too.
    let entries = decoder.decode(&hex("be 40 01 61 01 62 be bf 7f 01 01 63 be bf"));
    let told: Vec<_> = entries.iter().map(Entry::to_string).collect();
    assert_eq!(told, ["?: ?", "a: b", "a: b", "?: ?", "?: c", "?: c", "a: b"]);
    let Some(field) = entries[0].as_field() else { panic!() };
    assert_eq!(field.name.bytes, Err(Damage::NotHeard { index: 62 }));
}

#[test]
fn damage_is_named_and_reading_goes_on_where_it_can() {
    let cases = [
        // What does not blur where fields end is one field's trouble...
        ("80 82", "?: ? [indexed, static 0, static 0]\n:method: GET [indexed, static 2, static 2]\n"),
        ("be 82", "?: ? [indexed, dynamic 62, dynamic 62]\n:method: GET [indexed, static 2, static 2]\n"),
        (
            "04 81 08 82",
            ":path: ? [not remembered, static 4, in Huffman letters]\n\
             :method: GET [indexed, static 2, static 2]\n",
        ),
        // ... anything else ends the block.
        ("82 ff", ":method: GET [indexed, static 2, static 2]\n(1 byte missing)\n"),
        ("04 05 61", "(4 bytes missing)\n"),
        ("ff ff ff ff ff ff 00", "(integer of more than 32 bits)\n"),
        ("ff 80 80 80 80 10", "(integer of more than 32 bits)\n"),
        ("3f ff ff ff 7f", "(table size beyond what any peer allows)\n"),
    ];
    for (block, text) in cases {
        let block = hex(block);
        let entries = HpackDecoder::new().decode(&block);
        assert_eq!(told(&entries), text);
        assert!(is_partition(&spans(&entries), 0..block.len()));
    }
}

#[test]
fn after_a_lost_block_no_old_row_is_trusted() {
    let mut decoder = HpackDecoder::new();
    decoder.decode(&hex("40 01 61 01 62"));
    decoder.decode(&hex("04 05 61"));
    let entries = decoder.decode(&hex("be"));
    let Some(field) = entries[0].as_field() else { panic!() };
    assert_eq!(field.value.bytes, Err(Damage::NotHeard { index: 62 }));
}

proptest! {
    #[test]
    fn any_blocks_are_told_to_the_last_byte(
        blocks in proptest::collection::vec(any::<Vec<u8>>(), 0..6),
    ) {
        let mut decoder = HpackDecoder::new();
        for block in blocks {
            let entries = decoder.decode(&block.clone().into());
            prop_assert!(is_partition(&spans(&entries), 0..block.len()), "{entries:?}");
            prop_assert!(decoder.table.size() <= 1024 * 1024);
        }
    }
}
