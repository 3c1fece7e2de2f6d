//! One call: what is sent, and what comes back, at the same time.
//!
//! In: a method and input. Out: every response as it comes, and the end.
//!
//! ```text
//!   the client sends     one message      many
//!   is opened by         one request      both halves at once
//!   input                read first       read while responses are printed
//! ```
//!
//! Whether the server streams makes no difference on the wire, so it makes none here.
//!
//! Must not know: how anything is printed.

use prost::Message as _;
use prost_reflect::{DynamicMessage, MethodDescriptor};
use wirewright::{Metadata, Method, RawMessage, Request, Sender, Status, Streaming};

use super::flags::CallArguments;
use super::input::{self, Input};
use super::report::Report;
use crate::dial::Dialed;
use crate::failure::Failure;
use crate::json::{self, Format};
use crate::output;
use crate::schema::Schema;

/// A call to be made.
pub(super) struct Exchange<'a> {
    pub(super) dialed: Dialed,
    pub(super) schema: Schema,
    pub(super) method: MethodDescriptor,
    pub(super) metadata: Metadata,
    pub(super) arguments: &'a CallArguments,
    pub(super) report: Report,
}

impl Exchange<'_> {
    /// Makes it.
    pub(super) async fn run(mut self) -> Result<(), Failure> {
        let input = input::open(self.arguments.data.as_deref(), self.arguments.format);
        // A path is a constant of the program for the library; this program makes one call and ends.
        let path: &'static str =
            format!("/{}/{}", self.method.parent_service().full_name(), self.method.name()).leak();
        if self.method.is_client_streaming() {
            self.stream(path, input).await
        } else {
            self.send_one(path, input).await
        }
    }

    async fn send_one(&mut self, path: &'static str, mut input: Input) -> Result<(), Failure> {
        let message = match input.recv().await {
            Some(text) => self.read(&text?).await?,
            None => RawMessage::default(),
        };
        if input.recv().await.is_some() {
            let what = format!("{} takes one message, and the data has more", self.method.full_name());
            return Err(Failure::usage(what, "only methods whose client streams take several"));
        }
        self.report.sent();
        let method: Method<RawMessage, RawMessage> = Method::server_streaming(path);
        let request = self.head().map(|()| message);
        let opened = self.dialed.channel.server_streaming(&method, request).await;
        let mut replies = opened.map_err(|status| self.failed(&status))?;
        self.receive(&mut replies).await
    }

    async fn stream(&mut self, path: &'static str, mut input: Input) -> Result<(), Failure> {
        let method: Method<RawMessage, RawMessage> = Method::bidi_streaming(path);
        let opened = self.dialed.channel.bidi_streaming(&method, self.head()).await;
        let (sender, mut replies) = opened.map_err(|status| self.failed(&status))?;
        let mut sender: Option<Sender<RawMessage>> = Some(sender);
        let mut has_head = false;
        loop {
            tokio::select! {
                text = input.recv(), if sender.is_some() => match text {
                    Some(text) => {
                        let message = self.read(&text?).await?;
                        self.report.sent();
                        if let Some(open) = &mut sender {
                            // A call that has ended says why on the other half.
                            let _ = open.send(message).await;
                        }
                    }
                    None => {
                        if let Some(open) = sender.take() {
                            let _ = open.finish().await;
                        }
                    }
                },
                reply = next(&mut replies, has_head) => {
                    match reply.map_err(|status| self.failed(&status))? {
                        Next::Head(head) => {
                            has_head = true;
                            self.report.head(&head)?;
                        }
                        Next::Message(message) => self.show(message).await?,
                        Next::End => return self.end(&replies),
                    }
                }
            }
        }
    }

    async fn receive(&mut self, replies: &mut Streaming<RawMessage>) -> Result<(), Failure> {
        let mut has_head = false;
        loop {
            match next(replies, has_head).await.map_err(|status| self.failed(&status))? {
                Next::Head(head) => {
                    has_head = true;
                    self.report.head(&head)?;
                }
                Next::Message(message) => self.show(message).await?,
                Next::End => return self.end(replies),
            }
        }
    }

    /// The head of the request.
    fn head(&self) -> Request<()> {
        let mut head = Request::new(());
        *head.metadata_mut() = self.metadata.clone();
        match self.dialed.deadline {
            Some(deadline) => head.with_deadline(deadline),
            None => head,
        }
    }

    /// A message from its text, with the types that it holds in `Any`.
    async fn read(&mut self, text: &str) -> Result<RawMessage, Failure> {
        for name in mentioned_types(text, self.arguments.format) {
            self.schema.message(&name).await?;
        }
        let input = self.in_pool(&self.method.input());
        let CallArguments { format, allow_unknown_fields, .. } = *self.arguments;
        let message = json::read(text, format, &input, allow_unknown_fields)?;
        Ok(RawMessage(message.encode_to_vec().into()))
    }

    /// Prints a response.
    async fn show(&mut self, message: RawMessage) -> Result<(), Failure> {
        let size = message.0.len();
        let unreadable = |error: String| {
            let name = self.method.output().full_name().to_owned();
            Failure::cannot(
                format!("a response is no {name}: {error}"),
                "are these the server's own descriptors?",
            )
        };
        let mut decoded = DynamicMessage::decode(self.in_pool(&self.method.output()), message.0.clone())
            .map_err(|error| unreadable(error.to_string()))?;
        let mut text = json::write(&decoded, self.arguments.style());
        // A type that is only named in an `Any` has not been asked for yet.
        if text.is_err() {
            for name in super::details::types_in(&decoded) {
                self.schema.message(&name).await?;
            }
            let output = self.in_pool(&self.method.output());
            decoded =
                DynamicMessage::decode(output, message.0).map_err(|error| unreadable(error.to_string()))?;
            text = json::write(&decoded, self.arguments.style());
        }
        let text = text.map_err(|error| {
            Failure::cannot(
                format!("a response cannot be written as JSON: {error}"),
                "-proto or -protoset may know the type; -format text needs none",
            )
        })?;
        self.report.received(size)?;
        let end = if text.ends_with('\n') { "" } else { "\n" };
        output::print(&format!("{text}{end}"))
    }

    /// The same type as it is in the pool now, which may have grown.
    fn in_pool(&self, message: &prost_reflect::MessageDescriptor) -> prost_reflect::MessageDescriptor {
        self.schema.pool().get_message_by_name(message.full_name()).unwrap_or_else(|| message.clone())
    }

    fn end(&mut self, replies: &Streaming<RawMessage>) -> Result<(), Failure> {
        let replies = replies.trailers();
        self.report.trailers(replies)?;
        let received = self.report.count();
        if !self.method.is_server_streaming() && received != 1 {
            let what =
                format!("{} answered OK with {received} messages, not with one", self.method.full_name());
            return Err(Failure::cannot(what, "the server breaks the protocol"));
        }
        Ok(())
    }

    fn failed(&mut self, status: &Status) -> Failure {
        self.report.failed(status, &self.method, self.arguments, self.schema.pool());
        Failure::ended(status.code())
    }
}

/// What a call does next.
enum Next {
    Head(Metadata),
    Message(RawMessage),
    End,
}

/// Loses nothing when dropped.
async fn next(replies: &mut Streaming<RawMessage>, has_head: bool) -> Result<Next, Status> {
    if !has_head {
        return Ok(Next::Head(replies.headers().await?.clone()));
    }
    Ok(replies.message().await?.map_or(Next::End, Next::Message))
}

/// The types that JSON names as `"@type": "somewhere/package.Name"`, and text as `[somewhere/package.Name]`.
fn mentioned_types(text: &str, format: Format) -> Vec<String> {
    let pieces: Vec<&str> = match format {
        Format::Json if text.contains("\"@type\"") => text.split('"').collect(),
        Format::Json => Vec::new(),
        Format::Text => text.split(['[', ']']).collect(),
    };
    let names = pieces.into_iter().filter_map(|piece| piece.rsplit_once('/').map(|(_, name)| name));
    let is_name =
        |name: &&str| name.contains('.') && name.chars().all(|c| c.is_alphanumeric() || c == '.' || c == '_');
    let mut names: Vec<_> = names.filter(is_name).map(str::to_owned).collect();
    names.sort();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_seen_where_they_are_named() {
        let table: [(&str, Format, &[&str]); 4] = [
            (r#"{"any": {"@type": "type.googleapis.com/a.B"}, "x": "c/d e.f"}"#, Format::Json, &["a.B"]),
            (r#"{"path": "etc/a.B"}"#, Format::Json, &[]),
            ("any { [type.googleapis.com/a.B] { x: 1 } }", Format::Text, &["a.B"]),
            ("x: 1", Format::Text, &[]),
        ];
        for (text, format, names) in table {
            assert_eq!(mentioned_types(text, format), names, "{text}");
        }
    }
}
