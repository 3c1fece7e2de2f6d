//! Prints the answering half of a service: the trait that users implement, and the server that calls it.
//!
//! In comes one service of the model; out goes text like this, with four arms of one shape for the four kinds:
//!
//! ```text
//! pub trait Greeter                       what the user writes
//! pub struct GreeterServer<T>(Arc<T>)     what is given to the server's builder
//! impl Service for GreeterServer<T>       one arm per method: begin, run, end
//! ```
//!
//! Nothing that could be in the library is printed here. This file must not know why a name is what it is.

use crate::layout::{Call, INDENT, Type, array, body_after, fits, header, pad, return_fits};
use crate::model::{Kind, Method, Package, Service};
use crate::printer::{Printer, of, path, result};

/// Prints trait and server.
pub(crate) fn print(out: &mut Printer, package: &Package, service: &Service, stubs: bool) {
    print_trait(out, package, service, stubs);
    print_server(out, service);
    print_dispatch(out, service);
}

fn print_trait(out: &mut Printer, package: &Package, service: &Service, stubs: bool) {
    let send = package.unshadowed("Send", "::core::marker::Send");
    let sync = package.unshadowed("Sync", "::core::marker::Sync");
    out.blank();
    out.docs(0, &service.docs, &format!("The service `{}`.", service.full_name));
    out.deprecated(0, service.deprecated);
    let head = header(&format!("pub trait {}:", service.word), &format!("{send} + {sync} + 'static"));
    if service.methods.is_empty() {
        out.text(&format!("{}}}\n", head.trim_end()));
        return;
    }
    out.text(&head);
    for (number, method) in service.methods.iter().enumerate() {
        if number > 0 && (stubs || !method.docs.is_empty()) {
            out.blank();
        }
        out.docs(INDENT, &method.docs, &format!("Answers `{}`.", path(service, method)));
        out.deprecated(INDENT, method.deprecated);
        print_method(out, send, method, stubs);
    }
    out.line(0, "}");
}

fn print_method(out: &mut Printer, send: &str, method: &Method, stub: bool) {
    let (requests, replies) = arguments(method.kind);
    let mut params = vec![(
        requests,
        match method.kind.client_streams() {
            false => of("Request", &method.input),
            true => Type::of("::wirewright::Request", [of("Streaming", &method.input)]),
        },
    )];
    params.extend(replies.map(|name| (name, of("Sender", &method.output).borrowed_mut())));
    out.function(&format!("fn {}", method.function), &params);
    let ok = if method.kind.server_streams() { Type::named("()") } else { of("Response", &method.output) };
    out.text(&future(&result(ok), send, stub));
    if stub {
        let unused = replies.map_or(requests.to_owned(), |replies| format!("({requests}, {replies})"));
        out.line(2 * INDENT, &format!("let _ = {unused};"));
        out.line(2 * INDENT, "async { Err(::wirewright::Status::unimplemented(\"not implemented\")) }");
        out.line(INDENT, "}");
    }
}

/// `) -> impl Future<Output = output> + Send`, broken where it must be, and what follows it.
fn future(output: &Type, send: &str, has_body: bool) -> String {
    let here = pad(INDENT);
    let head = format!("{here}) -> impl ::core::future::Future<");
    let flat = format!("{head}Output = {}>", output.flat());
    let bounded = format!("{flat} + {send}");
    let (text, last_line) = if return_fits(bounded.len()) {
        let columns = bounded.len();
        (bounded, columns)
    } else if return_fits(flat.len()) {
        (format!("{flat}\n{here}+ {send}"), 0)
    } else {
        let inner = 2 * INDENT;
        let output = output.fit(inner, inner + "Output = ".len(), 1);
        (format!("{head}\n{}Output = {output},\n{here}> + {send}", pad(inner)), 0)
    };
    let end = if has_body { body_after(last_line) } else { ";".to_owned() };
    format!("{text}{end}\n")
}

fn print_server(out: &mut Printer, service: &Service) {
    let word = &service.word;
    out.blank();
    out.doc(0, &format!("Answers calls for [`{word}`]."));
    out.deprecated(0, service.deprecated);
    out.line(0, "#[derive(Debug)]");
    out.line(0, &format!("pub struct {word}Server<T>(::std::sync::Arc<T>);"));
    out.blank();
    out.allow_deprecated(service);
    out.text(&header(&format!("impl<T: {word}>"), &format!("{word}Server<T>")));
    out.doc(INDENT, "Answers with `service`.");
    out.line(INDENT, "pub fn new(service: T) -> Self {");
    out.line(2 * INDENT, "Self(::std::sync::Arc::new(service))");
    out.line(INDENT, "}");
    out.blank();
    out.doc(INDENT, "Answers with a `service` that others hold as well.");
    out.line(INDENT, "pub fn from_arc(service: ::std::sync::Arc<T>) -> Self {");
    out.line(2 * INDENT, "Self(service)");
    out.line(INDENT, "}");
    out.line(0, "}");
    out.blank();
    out.allow_deprecated(service);
    out.text(&header("impl<T> ::core::clone::Clone", &format!("for {word}Server<T>")));
    out.line(INDENT, "fn clone(&self) -> Self {");
    out.line(2 * INDENT, "Self(::std::sync::Arc::clone(&self.0))");
    out.line(INDENT, "}");
    out.line(0, "}");
}

fn print_dispatch(out: &mut Printer, service: &Service) {
    let word = &service.word;
    out.blank();
    out.allow_deprecated(service);
    let head = format!("impl<T: {word}> ::wirewright::server::Service");
    out.text(&header(&head, &format!("for {word}Server<T>")));
    let name = format!("const NAME: &'static str = \"{}\";", service.full_name);
    let gap = if fits(INDENT + name.len()) { " ".to_owned() } else { format!("\n{}", pad(2 * INDENT)) };
    out.line(INDENT, &name.replacen(" \"", &format!("{gap}\""), 1));
    let methods: Vec<String> =
        service.methods.iter().map(|method| format!("{}.describe()", method.constant)).collect();
    let head = "const METHODS: &'static [::wirewright::MethodDescriptor]";
    out.text(&array(INDENT, head, &methods));
    out.blank();
    out.line(INDENT, "async fn call<I: ::wirewright::Interceptor>(");
    out.line(2 * INDENT, "&self,");
    out.line(2 * INDENT, "call: ::wirewright::server::ServerCall<I>,");
    out.line(INDENT, ") -> ::core::result::Result<(), ::wirewright::server::Ended> {");
    if service.methods.is_empty() {
        out.line(2 * INDENT, "call.unimplemented().await");
    } else {
        out.line(2 * INDENT, "match call.method() {");
        for method in &service.methods {
            print_arm(out, method);
        }
        out.line(3 * INDENT, "_ => call.unimplemented().await,");
        out.line(2 * INDENT, "}");
    }
    out.line(INDENT, "}");
    out.line(0, "}");
}

/// Begin, run, end.
///
/// Each arm is a future of its own, so that what one method holds while it waits lies where another's would. In one
/// future they would lie side by side, and a call would be as large as all methods of its service together.
fn print_arm(out: &mut Printer, method: &Method) {
    let (requests, replies) = arguments(method.kind);
    let body = 5 * INDENT;
    out.line(3 * INDENT, &format!("\"{}\" => {{", method.proto_name));
    out.line(4 * INDENT, "async {");
    let begun = match replies {
        None => format!("({requests}, mut call)"),
        Some(replies) => format!("({requests}, mut {replies}, mut call)"),
    };
    let constant = format!("&{}", method.constant);
    let begin =
        Call { object: "call", name: method.kind.name(), args: &[&constant], inner: &[], then: ".await?" };
    out.text(&begin.statement(body, &begun));
    // The function is named through the trait: `self.0` is an `Arc`, which has methods of its own.
    let function = format!("T::{}", method.function);
    let borrowed = replies.map(|replies| format!("&mut {replies}"));
    let arguments: Vec<&str> = ["&self.0", requests].into_iter().chain(borrowed.as_deref()).collect();
    let run = Call { object: "call", name: "run", args: &[&function], inner: &arguments, then: ".await" };
    match replies {
        None => {
            out.text(&run.statement(body, "reply"));
            out.line(body, "call.reply(reply).await");
        }
        Some(replies) => {
            out.text(&run.statement(body, "end"));
            out.line(body, &format!("call.close({replies}, end).await"));
        }
    }
    out.line(4 * INDENT, "}");
    out.line(4 * INDENT, ".await");
    out.line(3 * INDENT, "}");
}

/// What the halves of a call are called: the receiving one, and the sending one if it is lent to the handler.
fn arguments(kind: Kind) -> (&'static str, Option<&'static str>) {
    let requests = if kind.client_streams() { "requests" } else { "request" };
    (requests, kind.server_streams().then_some("replies"))
}
