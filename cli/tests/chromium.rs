//! A browser without a window, driven by the DevTools protocol over a pair of named pipes.
//!
//! ```text
//!   test --- {"id":1,"method":"Runtime.evaluate",..}\0 ---> fd 3   chromium
//!        <-- {"id":1,"result":{..}}\0 ------------------- fd 4
//! ```

#![allow(clippy::indexing_slicing, reason = "a test may fail")]

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// A browser.
pub(crate) struct Browser {
    child: Child,
    folder: PathBuf,
    to: File,
    from: BufReader<File>,
    latest: u64,
    /// What the browser had to complain about: exceptions, refusals of the policy, errors on the console.
    pub(crate) complaints: Vec<String>,
}

/// A page that is open in it.
pub(crate) struct Tab(String);

impl Browser {
    pub(crate) fn start() -> Browser {
        static COUNT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let count = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("wright-browser-{}-{count}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let (to, from) = (folder.join("to"), folder.join("from"));
        assert!(Command::new("mkfifo").args([&to, &from]).status().unwrap().success());
        // Only a shell can give a process files by number without unsafe code.
        let script = "exec \"$0\" --headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run \
            --user-data-dir=\"$1/home\" --remote-debugging-pipe 3<\"$1/to\" 4>\"$1/from\"";
        let mut command = Command::new("sh");
        command.args(["-c", script, "chromium"]).arg(&folder).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().expect("there is a shell");
        // Each waits until the shell opens the other end, in the same order.
        let to = File::options().write(true).open(to).unwrap();
        let from = BufReader::new(File::open(from).unwrap());
        Browser { child, folder, to, from, latest: 0, complaints: Vec::new() }
    }

    /// Opens an address.
    pub(crate) fn open(&mut self, address: &str) -> Tab {
        let target = self.call(None, "Target.createTarget", json!({"url": "about:blank"}));
        let attach = json!({"targetId": target["targetId"], "flatten": true});
        let session = self.call(None, "Target.attachToTarget", attach);
        let tab = Tab(session["sessionId"].as_str().unwrap().to_owned());
        for domain in ["Runtime.enable", "Log.enable", "Page.enable"] {
            self.call(Some(&tab), domain, json!({}));
        }
        self.dress(&tab, 1280, 800, "light");
        self.call(Some(&tab), "Page.navigate", json!({"url": address}));
        self.run(&tab, "new Promise((done) => document.readyState === 'complete' ? done(1) : addEventListener('load', () => done(1)))");
        tab
    }

    /// Evaluates a script in the page; waits for what it promises.
    pub(crate) fn run(&mut self, tab: &Tab, script: &str) -> Value {
        for _ in 0..100 {
            let ask =
                json!({"expression": script, "awaitPromise": true, "returnByValue": true, "replMode": false});
            let answer = self.call(Some(tab), "Runtime.evaluate", ask);
            if let Some(thrown) = answer.get("exceptionDetails") {
                panic!("{script}\n{thrown}");
            }
            // A page that is left while it is asked answers nothing; the next one does.
            if answer.get("result").is_some() {
                return answer["result"]["value"].clone();
            }
        }
        panic!("no answer to {script}");
    }

    /// Presses a key.
    pub(crate) fn press(&mut self, tab: &Tab, key: &str) {
        let is_letter = key.chars().count() == 1;
        let down = match is_letter {
            true => json!({"type": "keyDown", "key": key, "text": key}),
            false => json!({"type": "rawKeyDown", "key": key}),
        };
        self.call(Some(tab), "Input.dispatchKeyEvent", down);
        self.call(Some(tab), "Input.dispatchKeyEvent", json!({"type": "keyUp", "key": key}));
    }

    /// Types a text.
    pub(crate) fn write(&mut self, tab: &Tab, text: &str) {
        self.call(Some(tab), "Input.insertText", json!({"text": text}));
    }

    /// Clicks on the first element that a selector finds.
    pub(crate) fn click(&mut self, tab: &Tab, selector: &str) {
        let place = "(() => { const { left, top, width, height } = document.querySelector('SELECTOR').getBoundingClientRect(); return [left + width / 2, top + height / 2]; })()";
        let place = self.run(tab, &place.replace("SELECTOR", selector));
        for kind in ["mousePressed", "mouseReleased"] {
            let event =
                json!({"type": kind, "x": place[0], "y": place[1], "button": "left", "clickCount": 1});
            self.call(Some(tab), "Input.dispatchMouseEvent", event);
        }
    }

    /// Gives the window a size, and the system a taste.
    pub(crate) fn dress(&mut self, tab: &Tab, width: u32, height: u32, scheme: &str) {
        let size = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.call(Some(tab), "Emulation.setDeviceMetricsOverride", size);
        let taste = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.call(Some(tab), "Emulation.setEmulatedMedia", taste);
    }

    /// Takes a picture of the page.
    pub(crate) fn picture(&mut self, tab: &Tab, path: &Path) {
        let picture = self.call(Some(tab), "Page.captureScreenshot", json!({"format": "png"}));
        std::fs::write(path, STANDARD.decode(picture["data"].as_str().unwrap()).unwrap()).unwrap();
    }

    fn call(&mut self, tab: Option<&Tab>, method: &str, params: Value) -> Value {
        self.latest += 1;
        let mut ask = json!({"id": self.latest, "method": method, "params": params});
        if let Some(Tab(session)) = tab {
            ask["sessionId"] = json!(session);
        }
        write!(self.to, "{ask}\0").expect("the browser listens");
        loop {
            let mut text = Vec::new();
            self.from.read_until(0, &mut text).unwrap();
            assert_eq!(text.pop(), Some(0), "the browser has ended");
            let mut said: Value = serde_json::from_slice(&text).unwrap();
            if said["id"] == self.latest {
                return said["result"].take();
            }
            self.hear(&said);
        }
    }

    fn hear(&mut self, said: &Value) {
        let params = &said["params"];
        match said["method"].as_str() {
            Some("Runtime.exceptionThrown") => self.complaints.push(params["exceptionDetails"].to_string()),
            Some("Log.entryAdded") if params["entry"]["level"] == "error" => {
                self.complaints.push(params["entry"].to_string());
            }
            Some("Runtime.consoleAPICalled") if params["type"] == "error" => {
                self.complaints.push(params["args"].to_string());
            }
            _ => {}
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // It ends its own children when it is told to; what does not listen any more is killed.
        let _ = write!(self.to, "{}\0", json!({"id": 0, "method": "Browser.close"}));
        let mut rest = Vec::new();
        while self.from.read_until(0, &mut rest).is_ok_and(|read| read > 0) {
            rest.clear();
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
