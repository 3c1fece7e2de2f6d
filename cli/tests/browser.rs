//! The page in a real browser: what it shows, what keys do, what hostile text cannot do, and how quick it is.
//!
//! `cargo xtask page` finds or installs Chromium and runs this; by itself it is ignored, because few machines have it.
//! Screenshots are left in `target/page/`, for a person to look at.

#![allow(clippy::indexing_slicing, reason = "a test may fail")]

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::chromium::{Browser, Tab};
use crate::page::{Folder, Viewing};
use crate::support::{run, text, wright};

/// Writes the report of a recording, and opens it.
fn report(browser: &mut Browser, folder: &Folder, recording: &str) -> Tab {
    let output = folder.path("report.html");
    let done = run(&mut wright(&["report", recording, "-o", &output]));
    assert!(done.status.success(), "{}", text(&done.stderr));
    open(browser, &format!("file://{output}"))
}

/// Opens an address, and waits until the page has shown its first frame.
fn open(browser: &mut Browser, address: &str) -> Tab {
    let tab = browser.open(address);
    browser.run(&tab, "new Promise(function look(done) { document.documentElement.dataset.openedMs ? done(1) : requestAnimationFrame(() => look(done)); })");
    tab
}

fn recording(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recordings").join(name).display().to_string()
}

/// Where pictures are left.
fn pictures() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/page");
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// What is chosen, as the page shows it: the line in the list, the bytes, the branch of the tree, the words.
const SHOWN: &str = "({
  line: document.querySelector('.line.chosen')?.innerText.split('\\n').join(' '),
  bytes: [...document.querySelectorAll('.cells .chosen')].map((cell) => cell.textContent).join(' '),
  letters: [...document.querySelectorAll('.letters .chosen')].map((cell) => cell.textContent).join(''),
  node: document.querySelector('.node.chosen')?.innerText.split('\\n').join(' '),
  why: document.querySelector('.path li:first-child')?.innerText.split('\\n').join(' '),
  title: document.querySelector('.about h3').innerText.split('\\n').join(' '),
  address: location.hash,
})";

/// A key, as somebody who sits there presses it; then whatever follows from it.
fn press(browser: &mut Browser, tab: &Tab, key: &str) -> Value {
    browser.press(tab, key);
    settle(browser, tab);
    browser.run(tab, SHOWN)
}

/// What is behind a frame comes a moment after the frame is chosen.
fn settle(browser: &mut Browser, tab: &Tab) {
    browser.run(tab, "detail(chosen.row).then(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))).then(() => 1)");
}

#[test]
#[ignore = "needs Chromium; `cargo xtask page` finds or installs it and runs this"]
fn the_page_shows_what_inspect_says() {
    let (mut browser, folder) = (Browser::start(), Folder::new("shows"));
    let tab = report(&mut browser, &folder, &recording("grpc-go.jsonl"));
    assert_eq!(browser.run(&tab, "document.title"), "grpc-go.jsonl \u{2013} wright");
    assert_eq!(
        browser.run(&tab, "find('summary').innerText"),
        "43 frames \u{b7} 3 calls, 2 not OK \u{b7} 1 connection \u{b7} 83.09 ms"
    );
    assert_eq!(browser.run(&tab, "find('count').innerText"), "45 rows");
    browser.run(&tab, "location.hash = 'frame=6&byte=16'; 1");
    settle(&mut browser, &tab);
    let shown = browser.run(&tab, SHOWN);
    assert_eq!(shown["line"], "6 0.258 \u{2192} DATA 1 7 B 1: \"world\"");
    assert_eq!(shown["bytes"], "77 6f 72 6c 64");
    assert_eq!(shown["letters"], "world");
    assert_eq!(shown["node"], "field value \"world\", text, presumably 16\u{2013}20");
    assert!(shown["why"].as_str().unwrap().ends_with("Protocol Buffers \"Encoding\""), "{shown}");
    assert_eq!(shown["address"], "#frame=6&byte=16");
    // All that went wrong in the browser, the policy's refusals included.
    assert_eq!(browser.complaints, Vec::<String>::new());
}

#[test]
#[ignore = "needs Chromium; `cargo xtask page` finds or installs it and runs this"]
fn keys_walk_through_frames_and_bytes() {
    let (mut browser, folder) = (Browser::start(), Folder::new("keys"));
    let tab = report(&mut browser, &folder, &recording("grpc-go.jsonl"));
    assert_eq!(browser.run(&tab, SHOWN)["address"], "#frame=5", "it opens where the first call begins");
    assert_eq!(press(&mut browser, &tab, "ArrowDown")["address"], "#frame=6");
    assert_eq!(press(&mut browser, &tab, "ArrowRight")["node"], "frame length 12 0\u{2013}2");
    assert_eq!(press(&mut browser, &tab, "ArrowRight")["node"], "frame type DATA 3");
    assert_eq!(press(&mut browser, &tab, "ArrowLeft")["address"], "#frame=6&byte=0");
    assert_eq!(press(&mut browser, &tab, "]")["address"], "#frame=9", "the same stream");
    assert_eq!(press(&mut browser, &tab, "k")["address"], "#frame=8");
    assert_eq!(press(&mut browser, &tab, "End")["address"], "#frame=43");
    assert_eq!(press(&mut browser, &tab, "Home")["address"], "#row=0");
    browser.press(&tab, "/");
    browser.write(&tab, "SayHello");
    assert_eq!(browser.run(&tab, "find('count').innerText"), "2 of 45 rows");
    assert_eq!(
        press(&mut browser, &tab, "ArrowDown")["title"],
        "HEADERS request head: /helloworld.Greeter/SayHelloBidi"
    );
    press(&mut browser, &tab, "Escape");
    assert_eq!(browser.run(&tab, "find('count').innerText"), "45 rows");
    press(&mut browser, &tab, "e");
    let bad = browser.run(&tab, "[...document.querySelectorAll('.line:not([hidden])')].every((line) => line.classList.contains('bad'))");
    assert_eq!((bad, browser.run(&tab, "shown.length")), (json!(true), json!(2)));
    press(&mut browser, &tab, "Escape");
    press(&mut browser, &tab, "t");
    assert_eq!(browser.run(&tab, "document.documentElement.dataset.theme"), "light");
    press(&mut browser, &tab, "s");
    assert_eq!(browser.run(&tab, "lanes.isTrue"), true);
    press(&mut browser, &tab, "?");
    assert_eq!(browser.run(&tab, "find('help').open"), true);
    assert_eq!(browser.complaints, Vec::<String>::new());
}

#[test]
#[ignore = "needs Chromium; `cargo xtask page` finds or installs it and runs this"]
fn a_message_that_no_frame_shows_is_told_below_the_frame_in_which_it_ends() {
    let (mut browser, folder) = (Browser::start(), Folder::new("whole"));
    let tab = report(&mut browser, &folder, "lesson:8");
    browser.run(&tab, "location.hash = 'frame=8'; 1");
    settle(&mut browser, &tab);
    let title = "document.querySelector('.hexline:not([hidden]) .title:not([hidden])')?.textContent";
    assert_eq!(browser.run(&tab, title), "unfolded message, 303 B out of 31 B of gzip");
    browser.run(&tab, "location.hash = 'frame=8&byte=48'; 1");
    settle(&mut browser, &tab);
    let shown = browser.run(&tab, SHOWN);
    assert!(shown["node"].as_str().unwrap().starts_with("field value \"ha ha"), "{shown}");
    assert!(
        shown["node"].as_str().unwrap().ends_with(" 3\u{2013}302"),
        "counted from its own first byte: {shown}"
    );
    assert!(shown["letters"].as_str().unwrap().starts_with("ha\u{b7}ha"), "{shown}");
    browser.picture(&tab, &pictures().join("unfolded.png"));
    // The answer of the ninth lesson lies in five frames.
    let tab = report(&mut browser, &folder, "lesson:9");
    browser.run(&tab, "location.hash = 'frame=9'; 1");
    settle(&mut browser, &tab);
    let about = "document.querySelector('.spread').innerText.split('\\n').join(' ')";
    let said = browser.run(&tab, about).as_str().unwrap().to_lowercase();
    assert!(said.starts_with("a message in 5 frames") && said.contains("this frame has share 1"), "{said}");
    let whole = press(&mut browser, &tab, "m");
    assert_eq!(whole["address"], "#frame=15&byte=9483", "where it is whole: after the frame's own bytes");
    assert!(whole["node"].as_str().unwrap().starts_with("whole message 75004 B in 5 frames"), "{whole}");
    assert!(browser.run(&tab, title).as_str().unwrap().starts_with("whole message, 75004 B in 5 frames"));
    browser.picture(&tab, &pictures().join("whole.png"));
    assert_eq!(press(&mut browser, &tab, "m")["address"], "#frame=9", "and back");
    browser.click(&tab, ".spread button");
    settle(&mut browser, &tab);
    assert_eq!(browser.run(&tab, SHOWN)["address"], "#frame=15&byte=9483");
    for (width, height) in [(800, 900), (1280, 640)] {
        browser.dress(&tab, width, height, "dark");
        settle(&mut browser, &tab);
        assert_eq!(browser.run(&tab, CUT), json!([]), "{width}: bytes that are cut off");
        assert_eq!(browser.run(&tab, CONTRAST), json!([]), "{width}: text that is hard to read");
    }
    browser.picture(&tab, &pictures().join("whole-dark.png"));
    assert_eq!(browser.complaints, Vec::<String>::new());
}

#[test]
#[ignore = "needs Chromium; `cargo xtask page` finds or installs it and runs this"]
fn bytes_and_tree_light_each_other() {
    let (mut browser, folder) = (Browser::start(), Folder::new("light"));
    let tab = report(&mut browser, &folder, &recording("grpc-go.jsonl"));
    browser.run(&tab, "location.hash = 'frame=6'; 1");
    settle(&mut browser, &tab);
    let over =
        |what: &str| format!("{what}.dispatchEvent(new MouseEvent('mouseover', {{ bubbles: true }})); 1");
    browser.run(&tab, &over("document.querySelector('.cells [data-at=\"10\"]')"));
    let lit = "[...document.querySelectorAll('.node.lit .role')].map((role) => role.textContent).join()";
    assert_eq!(browser.run(&tab, lit), "message length");
    browser.run(&tab, &over("document.querySelector('#node-5')"));
    let lit = "[...document.querySelectorAll('.cells .lit')].map((cell) => cell.textContent).join(' ')";
    assert_eq!(browser.run(&tab, lit), "00 00 00 00 07 0a 05 77 6f 72 6c 64", "the whole message");
    browser.click(&tab, ".cells [data-at=\"14\"]");
    assert_eq!(browser.run(&tab, SHOWN)["node"], "field tag field 1, LEN 14");
}

#[test]
#[ignore = "needs Chromium; `cargo xtask page` finds or installs it and runs this"]
fn what_a_recording_says_is_text_and_never_a_script() {
    let (mut browser, folder) = (Browser::start(), Folder::new("hostile"));
    let file = folder.path("<img src=x onerror=pwned=1>.jsonl");
    std::fs::write(&file, hostile()).unwrap();
    let tab = report(&mut browser, &folder, &file);
    for row in 0..8 {
        browser.run(&tab, &format!("choose({row}).then(() => 1)"));
        for node in 0..12 {
            browser.run(&tab, &format!("if ({node} < behind.nodes.length) chooseNode({node}); 1"));
        }
    }
    let all = "document.body.innerText + document.title";
    let said = browser.run(&tab, all).as_str().unwrap().to_owned();
    assert!(
        said.contains("<script>pwned=1</script>") && said.contains("<img src=x onerror=pwned=1>"),
        "{said}"
    );
    assert_eq!(browser.run(&tab, "typeof pwned"), "undefined");
    assert_eq!(browser.run(&tab, "document.querySelectorAll('img, iframe, object, svg').length"), 0);
    assert_eq!(browser.run(&tab, "document.querySelectorAll('script').length"), 3);
    // And if text ever were read as HTML, the policy would not let it run.
    browser.run(
        &tab,
        "const s = document.createElement('script'); s.textContent = 'pwned = 1'; document.body.append(s); 1",
    );
    assert_eq!(browser.run(&tab, "typeof pwned"), "undefined");
}

/// A recording whose every text would like to be a script.
fn hostile() -> String {
    use base64::Engine;
    let evil = "<script>pwned=1</script><img src=x onerror=pwned=1>";
    let frame = |kind: u8, flags: u8, stream: u8, content: &[u8]| {
        let len = u8::try_from(content.len()).unwrap();
        [&[0, 0, len, kind, flags, 0, 0, 0, stream][..], content].concat()
    };
    let letters = |text: &str| [&[u8::try_from(text.len()).unwrap()][..], text.as_bytes()].concat();
    let head =
        [&b"\x83\x86\x44"[..], &letters(&format!("/{evil}")), b"\x40", &letters("x-evil"), &letters(evil)]
            .concat();
    let inner = [&b"\x0a"[..], &letters(evil)].concat();
    let message = [&[0, 0, 0, 0][..], &[u8::try_from(inner.len()).unwrap()], &inner].concat();
    let goaway = [&[0, 0, 0, 0, 0, 0, 0, 2][..], evil.as_bytes()].concat();
    let trailers = [
        &b"\x40"[..],
        &letters("grpc-status"),
        &letters("2"),
        b"\x40",
        &letters("grpc-message"),
        &letters(evil),
    ]
    .concat();
    let up = [&b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[..], &frame(1, 4, 1, &head), &frame(0, 1, 1, &message)]
        .concat();
    let down = [frame(1, 4, 1, b"\x88"), frame(1, 5, 1, &trailers), frame(7, 0, 0, &goaway)].concat();
    let coded = |bytes: &[u8]| base64::engine::general_purpose::STANDARD.encode(bytes);
    [
        json!({"v": 1, "k": "head", "tool": evil, "t0_us": 0, "redact": []}),
        json!({"k": "conn", "c": 1, "t": 0, "role": "proxy", "local": evil, "peer": evil, "tls": false}),
        json!({"k": "event", "c": 1, "s": 1, "t": 1, "e": evil, "x": {evil: evil}}),
        json!({"k": "bytes", "c": 1, "t": 2, "d": ">", "b": coded(&up)}),
        json!({"k": "bytes", "c": 1, "t": 3, "d": "<", "b": coded(&down)}),
        json!({"k": "end", "c": 1, "t": 4, "why": evil}),
    ]
    .map(|line| format!("{line}\n"))
    .concat()
}

/// A hundred thousand frames of twenty thousand calls.
fn long() -> String {
    use base64::Engine;
    let frame = |kind: u8, flags: u8, stream: u32, content: &[u8]| {
        let len = u32::try_from(content.len()).unwrap().to_be_bytes();
        [&len[1..], &[kind, flags], &stream.to_be_bytes(), content].concat()
    };
    let coded = |bytes: &[u8]| base64::engine::general_purpose::STANDARD.encode(bytes);
    let mut text =
        String::from("{\"v\":1,\"k\":\"head\"}\n{\"k\":\"conn\",\"c\":1,\"t\":0,\"role\":\"proxy\"}\n");
    let mut say = |at: u32, way: &str, bytes: &[u8]| {
        let line = json!({"k": "bytes", "c": 1, "t": u64::from(at) * 40_000, "d": way, "b": coded(bytes)});
        text.push_str(&format!("{line}\n"));
    };
    say(0, ">", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    for call in 0..20_000_u32 {
        let stream = 2 * call + 1;
        let timeout = format!("{}m", 1000 + call);
        let len = u8::try_from(timeout.len()).unwrap();
        let path = if call == 0 { &b"\x44\x11/bench.Bench/Echo"[..] } else { b"\xbf" };
        let status = if call == 0 { &b"\x40\x0bgrpc-status\x010"[..] } else { b"\xbe" };
        // The second row of the table from then on, because the trailers' comes from the other side.
        let path = if call == 0 { path } else { b"\xbe" };
        let head = [&b"\x83\x86"[..], path, b"\x00\x0cgrpc-timeout", &[len], timeout.as_bytes()].concat();
        let said = format!("caller number {call} says hello");
        let size = u8::try_from(said.len()).unwrap();
        let message = [&[0, 0, 0, 0, size + 2, 0x0a, size], said.as_bytes()].concat();
        say(2 * call, ">", &[frame(1, 4, stream, &head), frame(0, 1, stream, &message)].concat());
        let answer =
            [frame(1, 4, stream, b"\x88"), frame(0, 0, stream, &message), frame(1, 5, stream, status)];
        say(2 * call + 1, "<", &answer.concat());
    }
    text
}

#[test]
#[ignore = "needs Chromium; `cargo xtask page` finds or installs it and runs this"]
fn a_hundred_thousand_frames_open_and_scroll() {
    let (mut browser, folder) = (Browser::start(), Folder::new("long"));
    let file = folder.path("long.jsonl");
    std::fs::write(&file, long()).unwrap();
    let tab = report(&mut browser, &folder, &file);
    let size = std::fs::metadata(folder.path("report.html")).unwrap().len();
    let opened = browser.run(&tab, "Number(document.documentElement.dataset.openedMs)");
    assert_eq!(browser.run(&tab, "find('summary').innerText.split(' \u{b7}')[0]"), "100,000 frames");
    // From the top to the end in two hundred steps, one for each picture that the browser paints.
    let scroll = "(async () => {
      const box = find('list-box'), took = [];
      for (let step = 0; step <= 200; step++) {
        const began = performance.now();
        box.scrollTop = box.scrollHeight * step / 200;
        await new Promise((done) => requestAnimationFrame(done));
        list.paint();
        box.getBoundingClientRect();
        took.push(performance.now() - began);
      }
      took.sort((a, b) => a - b);
      return { middle: took[100], worst: took[took.length - 1], elements: document.getElementsByTagName('*').length };
    })()";
    let scrolled = browser.run(&tab, scroll);
    let walk = "(async () => {
      const took = [];
      for (let step = 0; step < 100; step++) {
        const began = performance.now();
        await choose(step * 997);
        took.push(performance.now() - began);
      }
      took.sort((a, b) => a - b);
      return { middle: took[50], worst: took[99] };
    })()";
    let walked = browser.run(&tab, walk);
    press(&mut browser, &tab, "0");
    browser.picture(&tab, &pictures().join("long.png"));
    let sift = "(() => { const began = performance.now(); find('find').value = 'number 19999 '; sift(); return performance.now() - began; })()";
    let sifted = browser.run(&tab, sift);
    println!("100,000 frames: {size} bytes of HTML, opened in {opened} ms, filtered in {sifted:.1} ms");
    println!("  scrolled in 200 steps of {:.1} ms, at worst {:.1}", scrolled["middle"], scrolled["worst"]);
    println!("  a frame far away chosen in {:.1} ms, at worst {:.1}", walked["middle"], walked["worst"]);
    // What is not seen does not exist, which is why it is quick.
    assert!(scrolled["elements"].as_u64().unwrap() < 3000, "{scrolled}");
    assert_eq!(browser.run(&tab, "shown.length"), 2);
    assert_eq!(
        browser.run(&tab, "list.box.querySelector('.line:not([hidden]) .says').textContent"),
        "32 B  1: \"caller number 19999 says hello\""
    );
    assert_eq!(browser.complaints, Vec::<String>::new());
}

#[test]
#[ignore = "needs Chromium; `cargo xtask page` finds or installs it and runs this"]
fn a_page_follows_a_recording_that_is_being_made() {
    use std::io::Write;
    let (mut browser, folder) = (Browser::start(), Folder::new("live"));
    let whole = include_str!("recordings/grpc-go.jsonl");
    let file = folder.path("rec.jsonl");
    let viewing = Viewing::start(&["--live", &file]);
    let tab = open(&mut browser, &viewing.address);
    assert_eq!(browser.run(&tab, "find('warning').innerText"), "rec.jsonl is not there yet");
    let mut recording = std::fs::File::create(&file).unwrap();
    let until = |count: usize| {
        format!(
            "new Promise(function look(done) {{ data.count >= {count} ? done(data.count) : requestAnimationFrame(() => look(done)); }})"
        )
    };
    for part in [&whole[..whole.len() / 3], &whole[whole.len() / 3..]] {
        let before = browser.run(&tab, "data.count").as_u64().unwrap();
        recording.write_all(part.as_bytes()).unwrap();
        browser.run(&tab, &until(usize::try_from(before).unwrap() + 1));
    }
    assert_eq!(browser.run(&tab, &until(45)), 45);
    settle(&mut browser, &tab);
    assert_eq!(browser.run(&tab, "find('warning').hidden"), true);
    assert_eq!(browser.run(&tab, "find('live').innerText"), "live");
    assert_eq!(browser.run(&tab, "find('count').innerText"), "45 rows");
    drop(viewing);
    browser.run(&tab, "new Promise(function look(done) { find('live').classList.contains('lost') ? done(1) : requestAnimationFrame(() => look(done)); })");
    assert_eq!(browser.run(&tab, "find('live').innerText"), "the server is gone");
}

#[test]
#[ignore = "needs Chromium; `cargo xtask page` finds or installs it and runs this"]
fn every_pane_has_its_place_in_light_and_dark_wide_and_narrow() {
    let (mut browser, folder) = (Browser::start(), Folder::new("sizes"));
    let tab = report(&mut browser, &folder, &recording("grpc-go.jsonl"));
    browser.run(&tab, "location.hash = 'frame=6&byte=16'; 1");
    for (width, height) in [(1280, 800), (800, 900)] {
        for scheme in ["light", "dark"] {
            browser.dress(&tab, width, height, scheme);
            settle(&mut browser, &tab);
            let panes = browser.run(&tab, PLACES);
            let panes: Vec<Vec<f64>> = serde_json::from_value(panes).unwrap();
            for pane in &panes {
                let [left, top, right, bottom] = pane[..] else { panic!("{pane:?}") };
                assert!(
                    left >= 0.0 && right <= f64::from(width) && right - left >= 250.0,
                    "{width}: {pane:?}"
                );
                assert!(
                    top >= 0.0 && bottom <= f64::from(height) && bottom - top >= 100.0,
                    "{width}: {pane:?}"
                );
            }
            assert_eq!(
                browser.run(&tab, "document.documentElement.scrollWidth"),
                width,
                "nothing sticks out"
            );
            assert_eq!(browser.run(&tab, CUT), json!([]), "{width}: bytes that are cut off");
            let poor = browser.run(&tab, CONTRAST);
            assert_eq!(poor, json!([]), "{width} {scheme}: text that is hard to read");
            browser.picture(&tab, &pictures().join(format!("{width}-{scheme}.png")));
        }
    }
    browser.dress(&tab, 1280, 800, "light");
    for (key, name) in [("s", "to-scale.png"), ("?", "help.png")] {
        press(&mut browser, &tab, key);
        browser.picture(&tab, &pictures().join(name));
    }
    press(&mut browser, &tab, "Escape");
    // A frame of many lines, which has a scroll bar.
    browser.run(&tab, "location.hash = 'frame=5&byte=20'; 1");
    settle(&mut browser, &tab);
    browser.dress(&tab, 1280, 640, "light");
    settle(&mut browser, &tab);
    assert!(
        browser.run(&tab, "find('hex-box').offsetWidth > find('hex-box').clientWidth").as_bool().unwrap()
    );
    assert_eq!(browser.run(&tab, CUT), json!([]));
    let nameless = "[...document.querySelectorAll('button, input, select, [tabindex]')].filter((one) =>
      !(one.getAttribute('aria-label') || one.getAttribute('aria-labelledby') || one.textContent.trim())).length";
    assert_eq!(browser.run(&tab, nameless), 0, "everything that can be reached has a name");
}

/// Where the panes are.
const PLACES: &str = "['lanes', 'list', 'bytes', 'why'].map((id) => {
  const { left, top, right, bottom } = find(id).getBoundingClientRect();
  return [left, top, right, bottom];
})";

/// Bytes and letters that stand beyond the edge of their box.
const CUT: &str = "(() => {
  const edge = find('hex-box').getBoundingClientRect().left + find('hex-box').clientWidth;
  const cells = [...document.querySelectorAll('.cells .b, .letters .b')];
  return cells.filter((cell) => cell.getBoundingClientRect().right > edge + 0.5).map((cell) => cell.dataset.at);
})()";

/// Texts whose contrast with what is behind them is below 4.5 to 1 (WCAG 2.2, 1.4.3).
const CONTRAST: &str = "(() => {
  const pen = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
  const paint = (colours) => {
    pen.clearRect(0, 0, 1, 1);
    for (const colour of colours) { pen.fillStyle = colour; pen.fillRect(0, 0, 1, 1); }
    return [...pen.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const light = (rgb) => rgb.map((c) => c / 255).map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, nth) => sum + c * [0.2126, 0.7152, 0.0722][nth], 0);
  const poor = new Set();
  for (const one of document.querySelectorAll('body *')) {
    if (![...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim()) || !one.checkVisibility()) continue;
    if (['SCRIPT', 'STYLE', 'OPTION', 'NOSCRIPT'].includes(one.tagName)) continue;
    const backs = [];
    for (let at = one; at; at = at.parentElement) backs.unshift(getComputedStyle(at).backgroundColor);
    const [a, b] = [light(paint(backs)), light(paint([...backs, getComputedStyle(one).color]))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) poor.add(one.tagName + '.' + one.className + ' ' + ratio.toFixed(2));
  }
  return [...poor];
})()";
