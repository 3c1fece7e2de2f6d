//! Where lines break: the corner of rustfmt's style that generated services need.
//!
//! Generated code is read, checked in and reviewed, so it is laid out as rustfmt would lay it out with its default
//! settings, and a test holds it against rustfmt for names of every length. In come the parts of a type, a call or a
//! constant and the columns that are taken; out goes text, on one line if it fits. This file must not know services.

/// A Rust type with its type arguments, so that it can be broken between them.
#[derive(Clone, Debug)]
pub(crate) struct Type {
    /// What stands before `<`: `&mut ::wirewright::Sender`. Empty for a tuple.
    head: String,
    args: Vec<Type>,
}

impl Type {
    /// A type that is never broken.
    pub(crate) fn named(name: impl Into<String>) -> Self {
        Self { head: name.into(), args: Vec::new() }
    }

    /// `head<args>`.
    pub(crate) fn of(head: impl Into<String>, args: impl IntoIterator<Item = Type>) -> Self {
        Self { head: head.into(), args: args.into_iter().collect() }
    }

    /// `(args)`, of at least two.
    pub(crate) fn tuple(args: impl IntoIterator<Item = Type>) -> Self {
        Self { head: String::new(), args: args.into_iter().collect() }
    }

    /// `&mut` and the type.
    pub(crate) fn borrowed_mut(mut self) -> Self {
        self.head.insert_str(0, "&mut ");
        self
    }

    /// The type on one line.
    pub(crate) fn flat(&self) -> String {
        if self.args.is_empty() {
            return self.head.clone();
        }
        let (open, close) = self.brackets();
        let args: Vec<String> = self.args.iter().map(Type::flat).collect();
        format!("{}{open}{}{close}", self.head, args.join(", "))
    }

    /// The type on a line that is indented by `indent` and has `before` columns taken, with `after` more to come.
    pub(crate) fn fit(&self, indent: usize, before: usize, after: usize) -> String {
        let flat = self.flat();
        // rustfmt does not count the `impl ` of a parameter.
        let counted = flat.strip_prefix("impl ").unwrap_or(&flat).len();
        if self.args.is_empty() || (fits(before + counted + after) && !self.has_wide_tuple()) {
            flat
        } else {
            self.broken(indent)
        }
    }

    /// The type with each argument on a line of its own.
    pub(crate) fn broken(&self, indent: usize) -> String {
        let (open, close) = self.brackets();
        let inner = indent + INDENT;
        let args = self.args.iter().map(|arg| format!("{}{},\n", pad(inner), arg.fit(inner, inner, 1)));
        format!("{}{open}\n{}{}{close}", self.head, args.collect::<String>(), pad(indent))
    }

    /// Whether a tuple in it is broken however much room there is.
    pub(crate) fn has_wide_tuple(&self) -> bool {
        (self.head.is_empty() && self.flat().len() > LIST_WIDTH + "()".len())
            || self.args.iter().any(Type::has_wide_tuple)
    }

    fn brackets(&self) -> (char, char) {
        if self.head.is_empty() { ('(', ')') } else { ('<', '>') }
    }
}

/// `object.name(args)`, as part of a chain of calls that ends in `.await`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call<'a> {
    /// What the call is made on, `call` or `self.channel`.
    pub(crate) object: &'a str,
    /// The function.
    pub(crate) name: &'a str,
    /// Its arguments: names and constants, or one call with arguments of its own.
    pub(crate) args: &'a [&'a str],
    /// The arguments of the call that the last argument is the head of, if it is one: `T::say_hello` and its own.
    pub(crate) inner: &'a [&'a str],
    /// What follows the call: `.await` or `.await?`.
    pub(crate) then: &'a str,
}

impl Call<'_> {
    /// The statement `let pattern = call;`, or the expression alone if the pattern is empty.
    pub(crate) fn statement(&self, indent: usize, pattern: &str) -> String {
        let (lead, end) =
            if pattern.is_empty() { (String::new(), "") } else { (format!("let {pattern} = "), ";") };
        let flat = format!("{}.{}({}){}", self.object, self.name, self.flat_args(), self.then);
        // rustfmt keeps a column free behind `?`.
        let columns = flat.len() + usize::from(flat.ends_with('?'));
        if columns <= CHAIN_WIDTH {
            if fits(indent + lead.len() + columns + end.len()) {
                return format!("{}{lead}{flat}{end}\n", pad(indent));
            }
            return format!("{}{}\n{}{flat}{end}\n", pad(indent), lead.trim_end(), pad(indent + INDENT));
        }
        let link = indent + INDENT;
        format!(
            "{}{lead}{}\n{}.{}({})\n{}{}{end}\n",
            pad(indent),
            self.object,
            pad(link),
            self.name,
            self.fit_args(link),
            pad(link),
            self.then
        )
    }

    fn flat_args(&self) -> String {
        let args = self.args.join(", ");
        if self.inner.is_empty() { args } else { format!("{args}({})", self.inner.join(", ")) }
    }

    fn fit_args(&self, indent: usize) -> String {
        let flat = self.flat_args();
        if flat.len() <= LIST_WIDTH && fits(indent + 1 + self.name.len() + 1 + flat.len() + 1) {
            return flat;
        }
        let head = self.args.join(", ");
        if self.inner.is_empty() {
            return list(self.args, indent);
        }
        if head.len() < LIST_WIDTH {
            return format!("{head}({})", list(self.inner, indent));
        }
        // Not even the head of the inner call may share a line with the outer one.
        let inner = indent + INDENT;
        let call =
            if fits(inner + flat.len() + 1) { flat } else { format!("{head}({})", list(self.inner, inner)) };
        format!("\n{}{call},\n{}", pad(inner), pad(indent))
    }
}

/// Arguments below each other; short ones share a line.
fn list(args: &[&str], indent: usize) -> String {
    let inner = indent + INDENT;
    let separator =
        if args.iter().all(|arg| arg.len() <= SHORT) { " ".to_owned() } else { format!("\n{}", pad(inner)) };
    let args: Vec<String> = args.iter().map(|arg| format!("{arg},")).collect();
    format!("\n{}{}\n{}", pad(inner), args.join(&separator), pad(indent))
}

/// `head = &[items];`, where no item is longer than a line.
pub(crate) fn array(indent: usize, head: &str, items: &[String]) -> String {
    let flat = items.join(", ");
    let pad_here = pad(indent);
    // An item alone may be as wide as the line.
    if flat.len() <= LIST_WIDTH || (items.len() == 1 && fits(indent + INDENT + "&[];".len() + flat.len())) {
        if fits(indent + head.len() + " = &[];".len() + flat.len()) {
            return format!("{pad_here}{head} = &[{flat}];\n");
        }
        return format!("{pad_here}{head} =\n{}&[{flat}];\n", pad(indent + INDENT));
    }
    let items: String = items.iter().map(|item| format!("{}{item},\n", pad(indent + INDENT))).collect();
    format!("{pad_here}{head} = &[\n{items}{pad_here}];\n")
}

/// `head: type = function("text")then;`, at the margin; `then` is empty or one more call.
pub(crate) fn constant(head: &str, of: &Type, function: &str, text: &str, then: &str) -> String {
    let call = format!("{function}({text})");
    let flat = format!("{call}{then}");
    let mut lead = format!("{head}: {} =", of.flat());
    let flat_lead = fits(lead.len());
    if !flat_lead {
        lead = format!("{head}: {} =", of.broken(0));
    }
    let before = if flat_lead { lead.len() + 1 } else { "> = ".len() };
    let below = format!("\n{}", pad(INDENT));
    if !then.is_empty() && flat.len() <= CHAIN_WIDTH {
        let gap = if fits(before + flat.len() + 1) { " " } else { &below };
        return format!("{lead}{gap}{flat};\n");
    }
    // Else `then` has a line of its own, if it is there; the call starts on the line of the type if it has room.
    let (gap, indent, call) = if fits(before + call.len() + 1) {
        (" ", 0, call)
    } else if fits(INDENT + call.len() + 1) {
        (below.as_str(), INDENT, call)
    } else if fits(before + function.len() + 1) {
        (" ", 0, broken_call(function, text, 0))
    } else {
        (below.as_str(), INDENT, broken_call(function, text, INDENT))
    };
    // Behind a broken call, `then` stands below its closing parenthesis.
    let then = match then {
        "" => String::new(),
        then if call.contains('\n') => format!("\n{}{then}", pad(indent)),
        then => format!("\n{}{then}", pad(indent + INDENT)),
    };
    format!("{lead}{gap}{call}{then};\n")
}

/// A call whose only argument has a line of its own.
fn broken_call(function: &str, text: &str, indent: usize) -> String {
    format!("{function}(\n{}{text},\n{})", pad(indent + INDENT), pad(indent))
}

/// `first second {`: the line that opens a trait or an implementation, broken between its halves if it must be.
pub(crate) fn header(first: &str, second: &str) -> String {
    let flat = format!("{first} {second} {{");
    if fits(flat.len()) { format!("{flat}\n") } else { format!("{first}\n{}{second}\n{{\n", pad(INDENT)) }
}

/// Spaces.
pub(crate) fn pad(indent: usize) -> String {
    " ".repeat(indent)
}

/// Whether a line of this many columns is short enough.
pub(crate) fn fits(columns: usize) -> bool {
    columns <= MAX_WIDTH
}

/// Whether a return type ends early enough on its line; rustfmt does not count the `) ` before it.
pub(crate) fn return_fits(columns: usize) -> bool {
    columns <= MAX_WIDTH + ") ".len()
}

/// What opens the body behind a return type that ends at this column of a method: rustfmt leaves room for the brace
/// and the indentation, and without that room puts it below.
pub(crate) fn body_after(columns: usize) -> String {
    if columns + " {".len() + INDENT <= MAX_WIDTH { " {".to_owned() } else { format!("\n{}{{", pad(INDENT)) }
}

/// rustfmt's `max_width`.
const MAX_WIDTH: usize = 100;

/// rustfmt's `tab_spaces`.
pub(crate) const INDENT: usize = 4;

/// rustfmt's `fn_call_width` and `array_width`: 60 % of the line.
const LIST_WIDTH: usize = 60;

/// rustfmt's `chain_width`: 60 % of the line.
const CHAIN_WIDTH: usize = 60;

/// rustfmt's `short_array_element_width_threshold`.
const SHORT: usize = 10;
