//! Prints the calling half of a service: a client with one function per method.
//!
//! In comes one service of the model; out goes a struct around a `Channel` whose functions name a constant and hand
//! everything else to the library. This file must not know why a name is what it is.

use crate::layout::{Call, INDENT, Type, body_after, header, pad, return_fits};
use crate::model::{Kind, Method, Service};
use crate::printer::{Printer, of, path, result};

/// Prints the client.
pub(crate) fn print(out: &mut Printer, service: &Service) {
    let word = &service.word;
    out.blank();
    out.doc(0, &format!("Makes calls to the service `{}`.", service.full_name));
    if !service.docs.is_empty() {
        out.doc(0, "");
        out.docs(0, &service.docs, "");
    }
    out.deprecated(0, service.deprecated);
    out.line(0, "#[derive(Debug)]");
    out.line(0, &format!("pub struct {word}Client<I = ()> {{"));
    out.line(INDENT, "channel: ::wirewright::Channel<I>,");
    out.line(0, "}");
    out.blank();
    out.allow_deprecated(service);
    out.text(&header("impl<I: ::wirewright::Interceptor>", &format!("{word}Client<I>")));
    out.doc(INDENT, "Calls through `channel`.");
    out.line(INDENT, "pub fn new(channel: ::wirewright::Channel<I>) -> Self {");
    out.line(2 * INDENT, "Self { channel }");
    out.line(INDENT, "}");
    for method in &service.methods {
        print_method(out, service, method);
    }
    out.line(0, "}");
    out.blank();
    out.allow_deprecated(service);
    out.text(&header("impl<I> ::core::clone::Clone", &format!("for {word}Client<I>")));
    out.line(INDENT, "fn clone(&self) -> Self {");
    out.line(2 * INDENT, "Self {");
    out.line(3 * INDENT, "channel: ::core::clone::Clone::clone(&self.channel),");
    out.line(2 * INDENT, "}");
    out.line(INDENT, "}");
    out.line(0, "}");
}

fn print_method(out: &mut Printer, service: &Service, method: &Method) {
    // A client that sends any number of messages sends none with the head.
    let (name, message) =
        if method.kind.client_streams() { ("head", "()") } else { ("request", method.input.as_str()) };
    let of_head = Type::of("impl ::wirewright::IntoRequest", [Type::named(message)]);
    out.blank();
    out.docs(INDENT, &method.docs, &format!("Calls `{}`.", path(service, method)));
    out.deprecated(INDENT, method.deprecated);
    out.function(&format!("pub async fn {}", method.function), &[(name, of_head)]);
    let answer = result(answer(method));
    let flat = format!("{}) -> {}", pad(INDENT), answer.flat());
    if return_fits(flat.len()) && !answer.has_wide_tuple() {
        out.text(&format!("{flat}{}\n", body_after(flat.len())));
    } else {
        out.line(INDENT, &format!(") -> {} {{", answer.broken(INDENT)));
    }
    let constant = format!("&{}", method.constant);
    let head = format!("{name}.into_request()");
    let args = [constant.as_str(), head.as_str()];
    let call =
        Call { object: "self.channel", name: method.kind.name(), args: &args, inner: &[], then: ".await" };
    out.text(&call.statement(2 * INDENT, ""));
    out.line(INDENT, "}");
}

/// What a successful start of a call gives to the caller.
fn answer(method: &Method) -> Type {
    let (input, output) = (&method.input, &method.output);
    match method.kind {
        Kind::Unary => of("Response", output),
        Kind::ServerStreaming => of("Streaming", output),
        Kind::ClientStreaming => Type::of("::wirewright::Upload", [input, output].map(Type::named)),
        Kind::BidiStreaming => Type::tuple([of("Sender", input), of("Streaming", output)]),
    }
}
