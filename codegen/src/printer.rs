//! Prints Rust: lines, indentation and documentation, and the parts that servers and clients have in common.
//!
//! In comes the model of one package; out goes the services part of its module, ready to stand below the messages.
//! Text, not tokens: what is printed here is read by people, and its shape is part of the product. `service.rs` prints
//! the answering half, `client.rs` the calling half. This file must not know descriptors.

use crate::client;
use crate::layout::{INDENT, Type, constant, pad};
use crate::model::{Method, Package, Service};
use crate::service;

/// Which parts to print.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Parts {
    /// Traits and servers.
    pub(crate) server: bool,
    /// Clients.
    pub(crate) client: bool,
    /// Default bodies for the functions of traits, so that a server compiles before it can answer.
    pub(crate) unimplemented_stubs: bool,
}

/// The services part of a module: those services for which `wanted` says yes; empty if there are none.
pub(crate) fn print(package: &Package, parts: Parts, wanted: impl Fn(&Service) -> bool) -> String {
    let mut out = Printer::default();
    let services: Vec<&Service> = package.services.iter().filter(|service| wanted(service)).collect();
    if services.is_empty() {
        return String::new();
    }
    out.text(HANDSHAKE);
    for service in services {
        if parts.server {
            service::print(&mut out, package, service, parts.unimplemented_stubs);
        }
        for method in &service.methods {
            method_constant(&mut out, service, method);
        }
        if parts.client {
            client::print(&mut out, service);
        }
    }
    out.text
}

/// The constant that says how a method is called; client and server both read it, so they cannot disagree.
fn method_constant(out: &mut Printer, service: &Service, method: &Method) {
    out.blank();
    out.doc(0, &format!("`{}`", path(service, method)));
    if !method.docs.is_empty() {
        out.doc(0, "");
        out.docs(0, &method.docs, "");
    }
    out.deprecated(0, method.deprecated || service.deprecated);
    let of = Type::of("::wirewright::Method", [&method.input, &method.output].map(Type::named));
    let idempotency = method
        .idempotency
        .map(|level| format!(".with_idempotency(::wirewright::Idempotency::{level})"))
        .unwrap_or_default();
    out.text(&constant(
        &format!("pub const {}", method.constant),
        &of,
        &format!("::wirewright::Method::{}", method.kind.name()),
        &format!("\"{}\"", path(service, method)),
        &idempotency,
    ));
}

/// What stands in `:path` on the wire.
pub(crate) fn path(service: &Service, method: &Method) -> String {
    format!("/{}/{}", service.full_name, method.proto_name)
}

/// `::wirewright::Response<message>` or another of the library's types with one argument.
pub(crate) fn of(name: &str, message: &str) -> Type {
    Type::of(format!("::wirewright::{name}"), [Type::named(message)])
}

/// `Result<ok, Status>`.
pub(crate) fn result(ok: Type) -> Type {
    Type::of("::core::result::Result", [ok, Type::named("::wirewright::Status")])
}

/// Text under construction.
#[derive(Debug, Default)]
pub(crate) struct Printer {
    text: String,
}

impl Printer {
    /// Whole lines, as they are.
    pub(crate) fn text(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// One line.
    pub(crate) fn line(&mut self, indent: usize, line: &str) {
        self.text.extend([&pad(indent), line, "\n"]);
    }

    /// An empty line.
    pub(crate) fn blank(&mut self) {
        self.text.push('\n');
    }

    /// One line of documentation.
    pub(crate) fn doc(&mut self, indent: usize, line: &str) {
        self.line(indent, if line.is_empty() { "///".to_owned() } else { format!("/// {line}") }.as_str());
    }

    /// What the author of the `.proto` file wrote, or else a sentence, so that nothing is without documentation.
    pub(crate) fn docs(&mut self, indent: usize, lines: &[String], otherwise: &str) {
        if lines.is_empty() {
            self.doc(indent, otherwise);
        }
        for line in lines {
            self.doc(indent, line);
        }
    }

    /// Marks what follows as deprecated, if it is.
    pub(crate) fn deprecated(&mut self, indent: usize, deprecated: bool) {
        if deprecated {
            self.line(indent, "#[deprecated]");
        }
    }

    /// Lets the `impl` that follows use what is deprecated: it is the users who are to be warned, not this text.
    pub(crate) fn allow_deprecated(&mut self, service: &Service) {
        if service.deprecated || service.methods.iter().any(|method| method.deprecated) {
            self.line(0, "#[allow(deprecated)]");
        }
    }

    /// The head of a function up to its return type: every parameter has a line.
    pub(crate) fn function(&mut self, head: &str, params: &[(&str, Type)]) {
        self.line(INDENT, &format!("{head}("));
        self.line(2 * INDENT, "&self,");
        for (name, of) in params {
            let lead = format!("{name}: ");
            let of = of.fit(2 * INDENT, 2 * INDENT + lead.len(), 1);
            self.line(2 * INDENT, &format!("{lead}{of},"));
        }
    }
}

/// Opens the services part of every module.
const HANDSHAKE: &str = "\
// The generator and the library agree on version 1 of generated code. If the next line does not
// compile, `wirewright` and `wirewright-codegen` are of different generations: use the same version
// of both.
const _: () = ::wirewright::generated::V1;
";
