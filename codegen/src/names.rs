//! How a name in a `.proto` file becomes a name in Rust.
//!
//! In come protobuf names (`SayHello`, `.helloworld.HelloRequest`); out go Rust identifiers, module paths and type
//! paths. Messages are printed by prost-build, so the rules here are its rules: a service must call a message by the
//! name under which prost-build prints it. This file must not know descriptors.

use std::collections::BTreeMap;

use heck::{ToShoutySnakeCase, ToSnakeCase, ToUpperCamelCase};

use crate::error::Error;

/// The Rust names of protobuf types: which are ours, and which live elsewhere.
///
/// Keys are full protobuf names with their leading dot: a package, a message or an enum.
#[derive(Debug)]
pub(crate) struct ExternPaths(BTreeMap<String, String>);

impl ExternPaths {
    /// The user's paths, and those of the well-known types unless they are to be generated like any others.
    ///
    /// # Errors
    ///
    /// A protobuf path without its leading dot, with an empty part, or given twice.
    pub(crate) fn new(
        paths: &[(String, String)],
        prost_path: &str,
        well_known: Option<&str>,
    ) -> Result<Self, Error> {
        let mut map = BTreeMap::new();
        if let Some(prost_types_path) = well_known {
            map.insert(".google.protobuf".to_owned(), prost_types_path.to_owned());
            for (name, rust) in WRAPPERS {
                map.insert(format!(".google.protobuf.{name}"), rust.replace("::prost", prost_path));
            }
        }
        for (proto, rust) in paths {
            let well_formed = proto.strip_prefix('.').is_some_and(|rest| rest.split('.').all(is_identifier));
            if !well_formed {
                return Err(Error::new(format!(
                    "extern_path `{proto}`: write the full protobuf name with a leading dot, as in `.google.type`"
                )));
            }
            if rust.trim().is_empty() {
                return Err(Error::new(format!("extern_path `{proto}`: the Rust path is empty")));
            }
            if map.insert(proto.clone(), rust.clone()).is_some() {
                return Err(Error::new(format!(
                    "extern_path `{proto}` is given twice (the well-known types of `.google.protobuf` have paths of \
                     their own unless `compile_well_known_types` is set)"
                )));
            }
        }
        Ok(Self(map))
    }

    /// The Rust path of a type that is not printed here, or nothing if it is.
    ///
    /// The longest known prefix wins; what is left of the name is turned into modules and a type.
    pub(crate) fn resolve(&self, full_name: &str) -> Option<String> {
        if let Some(rust) = self.0.get(full_name) {
            return Some(rust.clone());
        }
        full_name.rmatch_indices('.').find_map(|(dot, _)| {
            let rust = self.0.get(full_name.get(..dot)?)?;
            let rest = full_name.get(dot + 1..)?;
            let (modules, name) = rest.rsplit_once('.').unwrap_or(("", rest));
            let mut path: Vec<String> = rust
                .split("::")
                .enumerate()
                // A path may start at `crate`, which as a keyword must stay as it is.
                .map(
                    |(index, part)| {
                        if index == 0 && part == "crate" { part.to_owned() } else { snake(part) }
                    },
                )
                .collect();
            path.extend(modules.split('.').filter(|part| !part.is_empty()).map(snake));
            path.push(camel(name));
            Some(path.join("::"))
        })
    }
}

/// The path from the module of `package` to a type that prost-build prints.
///
/// Both names are full; `full_name` has its leading dot. Modules that the two share are left out, and each one that
/// only the package has is one `super`.
pub(crate) fn relative_path(package: &str, full_name: &str) -> String {
    let mut here = package.split('.').filter(|part| !part.is_empty()).peekable();
    let name = full_name.trim_start_matches('.');
    let (modules, name) = name.rsplit_once('.').unwrap_or(("", name));
    let mut there = modules.split('.').filter(|part| !part.is_empty()).peekable();
    while here.peek().is_some() && here.peek() == there.peek() {
        here.next();
        there.next();
    }
    let mut path: Vec<String> = here.map(|_| "super".to_owned()).collect();
    path.extend(there.map(snake));
    path.push(camel(name));
    path.join("::")
}

/// A module, function or field: `SayHello` becomes `say_hello`, `Type` becomes `r#type`.
pub(crate) fn snake(name: &str) -> String {
    keyword_safe(name.to_snake_case())
}

/// A type: `HELLO_reply` becomes `HelloReply`, `self` becomes `Self_`.
pub(crate) fn camel(name: &str) -> String {
    keyword_safe(name.to_upper_camel_case())
}

/// A constant: `SayHello` becomes `SAY_HELLO`. No keyword is written in capitals.
pub(crate) fn shouty(name: &str) -> String {
    let name = name.to_shouty_snake_case();
    if name.starts_with(|c: char| c.is_ascii_digit()) { format!("_{name}") } else { name }
}

/// Whether protobuf's grammar allows this name: a letter or underscore, then letters, digits and underscores.
///
/// Descriptors need not come from a compiler, and every name in them ends up in Rust text or in the name of a file:
/// what passes here can neither leave a string literal nor leave a folder.
pub(crate) fn is_identifier(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// Whether a word can stand as an identifier without being changed.
pub(crate) fn is_plain(word: &str) -> bool {
    !word.is_empty() && keyword_safe(word.to_owned()) == word
}

/// Makes an identifier out of a word that may be a keyword.
pub(crate) fn keyword_safe(word: String) -> String {
    if NEVER_RAW.contains(&word.as_str()) {
        format!("{word}_")
    } else if KEYWORDS.contains(&word.as_str()) {
        format!("r#{word}")
    } else if word.starts_with(|c: char| c.is_ascii_digit()) {
        format!("_{word}")
    } else {
        word
    }
}

/// Keywords that cannot be raw identifiers (and `extern`, which prost-build treats alike): they get an underscore.
const NEVER_RAW: [&str; 6] = ["_", "super", "self", "Self", "extern", "crate"];

/// The other keywords of all editions up to 2024, strict and reserved (The Rust Reference, "Keywords").
const KEYWORDS: [&str; 47] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn", "else",
    "enum", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro", "match", "mod",
    "move", "mut", "override", "priv", "pub", "ref", "return", "static", "struct", "trait", "true", "try",
    "type", "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

/// Well-known types that are plain Rust types in prost (`google/protobuf/wrappers.proto` and `empty.proto`).
const WRAPPERS: [(&str, &str); 10] = [
    ("BoolValue", "bool"),
    ("BytesValue", "::prost::alloc::vec::Vec<u8>"),
    ("DoubleValue", "f64"),
    ("Empty", "()"),
    ("FloatValue", "f32"),
    ("Int32Value", "i32"),
    ("Int64Value", "i64"),
    ("StringValue", "::prost::alloc::string::String"),
    ("UInt32Value", "u32"),
    ("UInt64Value", "u64"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_as_prost_makes_them() {
        for (proto, rust) in [
            ("SayHello", "say_hello"),
            ("HTTPGet", "http_get"),
            ("Type", "r#type"),
            ("gen", "r#gen"),
            ("Self", "self_"),
            ("crate", "crate_"),
            ("extern", "extern_"),
            ("_1st", "_1st"),
        ] {
            assert_eq!(snake(proto), rust);
        }
        for (proto, rust) in [("HELLO_reply", "HelloReply"), ("self", "Self_"), ("_2d", "_2d"), ("__", "")] {
            assert_eq!(camel(proto), rust);
        }
        assert_eq!(shouty("SayHello2You"), "SAY_HELLO2_YOU");
    }

    #[test]
    fn a_path_climbs_only_as_far_as_it_must() {
        for (package, name, path) in [
            ("a.b", ".a.b.Msg", "Msg"),
            ("a.b", ".a.b.Outer.Inner", "outer::Inner"),
            ("a.b", ".a.c.Msg", "super::c::Msg"),
            ("a", ".a.type.Msg", "r#type::Msg"),
            ("", ".Msg", "Msg"),
            ("", ".a.Msg", "a::Msg"),
            ("a.b", ".Msg", "super::super::Msg"),
        ] {
            assert_eq!(relative_path(package, name), path);
        }
    }

    #[test]
    fn the_longest_extern_path_wins() {
        let given = [
            (".foo".to_owned(), "::foo1".to_owned()),
            (".foo.bar".to_owned(), "crate::foo2".to_owned()),
            (".foo.Fuzz".to_owned(), "::foo4::Fuzz".to_owned()),
        ];
        let paths = ExternPaths::new(&given, "::prost", Some("::prost_types")).unwrap();
        for (name, rust) in [
            (".foo.Foo", Some("::foo1::Foo")),
            (".foo.bar.Bar", Some("crate::foo2::Bar")),
            (".foo.Fuzz", Some("::foo4::Fuzz")),
            (".google.protobuf.Empty", Some("()")),
            (".google.protobuf.Timestamp", Some("::prost_types::Timestamp")),
            (".google.protobuf.StringValue", Some("::prost::alloc::string::String")),
            (".food.Foo", None),
        ] {
            assert_eq!(paths.resolve(name).as_deref(), rust, "{name}");
        }
    }

    #[test]
    fn a_bad_extern_path_is_refused() {
        for bad in ["foo", ".", ".a..b", ".a-b", ""] {
            assert!(
                ExternPaths::new(&[(bad.to_owned(), "::x".to_owned())], "::prost", None).is_err(),
                "{bad}"
            );
        }
    }
}
