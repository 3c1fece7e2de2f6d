//! From descriptors to the model: decides every Rust name that a service brings into the world.
//!
//! In comes a checked `FileDescriptorSet`; out go packages of services, one per Rust module, with names that clash with
//! nothing. The rules, all of them:
//!
//! * `SayHello` becomes the function `say_hello`; a keyword is escaped (`r#type`, `self_`), and `new`, which is how
//!   clients and servers are made, becomes `new_`. Two methods that become one function are an error.
//! * All names of a service are made of one *word*, its name in camel case: `Greeter`, `GreeterServer`,
//!   `GreeterClient` and, for each method, `GREETER_SAY_HELLO`. If any of these is taken in the module, by a message, an
//!   enum or another service, or is a keyword, then the word is `GreeterService`, and all of them change together.
//!   Services choose in the order of their full names, so that the order of files changes nothing.
//!
//! This file must not know how anything is printed.

use std::collections::{BTreeMap, BTreeSet};

use heck::ToUpperCamelCase;
use prost_types::method_options::IdempotencyLevel;
use prost_types::{FileDescriptorProto, FileDescriptorSet, MethodDescriptorProto, ServiceDescriptorProto};

use crate::docs::{self, Urls};
use crate::error::Error;
use crate::locations::{Locations, below, field};
use crate::model::{Kind, Method, Package, Service};
use crate::names::{ExternPaths, camel, is_plain, relative_path, shouty, snake};

/// The packages of a set that have services, by the path of their Rust module.
///
/// # Errors
///
/// Names that cannot be told apart in Rust, with the place of the second one.
pub(crate) fn lower(
    set: &FileDescriptorSet,
    paths: &ExternPaths,
) -> Result<BTreeMap<Vec<String>, Package>, Error> {
    let mut packages: BTreeMap<Vec<String>, Package> = BTreeMap::new();
    let mut modules: BTreeMap<Vec<String>, Module> = BTreeMap::new();
    for file in &set.file {
        modules.entry(module_path(file.package())).or_default().add_types(file, paths);
    }
    let words = choose_words(set, &mut modules)?;
    for (index, file) in set.file.iter().enumerate() {
        let path = module_path(file.package());
        let places = Locations::new(file);
        for (number, service) in file.service.iter().enumerate() {
            let word = words.get(&full_name(file, service)).cloned().unwrap_or_default();
            let reader = Reader { file, places: &places, paths, path: below(&[], field::SERVICE, number) };
            let service = reader.service(index, service, word)?;
            let package = packages.entry(path.clone()).or_insert_with(|| Package {
                types: modules.get(&path).map(|module| module.types.clone()).unwrap_or_default(),
                services: Vec::new(),
            });
            package.services.push(service);
        }
    }
    Ok(packages)
}

/// The Rust module of a protobuf package, as prost-build names it: `foo.barBaz` becomes `foo::bar_baz`.
pub(crate) fn module_path(package: &str) -> Vec<String> {
    package.split('.').filter(|part| !part.is_empty()).map(snake).collect()
}

/// What is taken in one Rust module.
#[derive(Debug, Default)]
struct Module {
    /// The messages and enums at its top.
    types: BTreeSet<String>,
    /// The traits, servers, clients and constants of its services.
    printed: BTreeSet<String>,
}

impl Module {
    fn add_types(&mut self, file: &FileDescriptorProto, paths: &ExternPaths) {
        let messages = file.message_type.iter().map(|message| message.name());
        let enums = file.enum_type.iter().map(|each| each.name());
        let package = if file.package().is_empty() { String::new() } else { format!(".{}", file.package()) };
        let printed_here = |name: &&str| paths.resolve(&format!("{package}.{name}")).is_none();
        self.types.extend(messages.chain(enums).filter(printed_here).map(camel));
    }

    /// Takes all names made of `word`, or none if any of them is taken.
    fn take(&mut self, word: &str, service: &ServiceDescriptorProto) -> bool {
        let types = [word.to_owned(), format!("{word}Server"), format!("{word}Client")];
        let constants = service.method.iter().map(|method| constant(word, method.name()));
        let names: BTreeSet<String> = types.into_iter().chain(constants).collect();
        let free = is_plain(word) && names.is_disjoint(&self.types) && names.is_disjoint(&self.printed);
        if free {
            self.printed.extend(names);
        }
        free
    }
}

/// Gives each service its word.
fn choose_words(
    set: &FileDescriptorSet,
    modules: &mut BTreeMap<Vec<String>, Module>,
) -> Result<BTreeMap<String, String>, Error> {
    let mut services = BTreeMap::new();
    for file in &set.file {
        for (number, service) in file.service.iter().enumerate() {
            services.insert(full_name(file, service), (file, number, service));
        }
    }
    let mut words = BTreeMap::new();
    for (name, (file, number, service)) in services {
        let module = modules.entry(module_path(file.package())).or_default();
        let word = service.name().to_upper_camel_case();
        let chosen =
            [word.clone(), format!("{word}Service")].into_iter().find(|word| module.take(word, service));
        let chosen = chosen.ok_or_else(|| {
            Locations::new(file).error(
                &below(&[], field::SERVICE, number),
                format!(
                    "the service `{name}` finds no free name in Rust: both `{word}` and `{word}Service` (or a name \
                     made of it) are taken by other declarations of the package; rename one of them"
                ),
            )
        })?;
        words.insert(name, chosen);
    }
    Ok(words)
}

/// Reads one service.
struct Reader<'a> {
    file: &'a FileDescriptorProto,
    places: &'a Locations<'a>,
    paths: &'a ExternPaths,
    /// Where in the file the service stands.
    path: Vec<i32>,
}

impl Reader<'_> {
    fn service(&self, file: usize, service: &ServiceDescriptorProto, word: String) -> Result<Service, Error> {
        let full_name = full_name(self.file, service);
        let mut methods: Vec<Method> = Vec::new();
        for (number, method) in service.method.iter().enumerate() {
            let place = below(&self.path, field::METHOD, number);
            let method = self.method(&word, method, &place);
            if let Some(other) = methods.iter().find(|other| other.function == method.function) {
                return Err(self.places.error(
                    &place,
                    format!(
                        "the methods `{}` and `{}` of the service `{full_name}` both become `{}` in Rust; rename one \
                         of them",
                        other.proto_name, method.proto_name, method.function
                    ),
                ));
            }
            methods.push(method);
        }
        Ok(Service {
            file,
            full_name,
            word,
            docs: self.docs(&self.path),
            deprecated: service.options.as_ref().is_some_and(|options| options.deprecated()),
            methods,
        })
    }

    fn method(&self, word: &str, method: &MethodDescriptorProto, place: &[i32]) -> Method {
        let function = match snake(method.name()).as_str() {
            "new" => "new_".to_owned(),
            name => name.to_owned(),
        };
        let options = method.options.as_ref();
        Method {
            proto_name: method.name().to_owned(),
            function,
            constant: constant(word, method.name()),
            kind: Kind::new(method.client_streaming(), method.server_streaming()),
            input: self.message(method.input_type()),
            output: self.message(method.output_type()),
            idempotency: match options.map(|options| options.idempotency_level()) {
                Some(IdempotencyLevel::NoSideEffects) => Some("NoSideEffects"),
                Some(IdempotencyLevel::Idempotent) => Some("Idempotent"),
                Some(IdempotencyLevel::IdempotencyUnknown) | None => None,
            },
            docs: self.docs(place),
            deprecated: options.is_some_and(|options| options.deprecated()),
        }
    }

    /// The path of a message from the service's module.
    fn message(&self, full_name: &str) -> String {
        if let Some(path) = self.paths.resolve(full_name) {
            return path;
        }
        let path = relative_path(self.file.package(), full_name);
        // The printed text has type parameters of these names, which would come first.
        if matches!(path.as_str(), "I" | "T") { format!("self::{path}") } else { path }
    }

    fn docs(&self, path: &[i32]) -> Vec<String> {
        docs::lines(&self.places.comments(path), Urls::Link)
    }
}

/// `GREETER_SAY_HELLO`: the word is part of it because two services of a package may have methods of one name.
fn constant(word: &str, method: &str) -> String {
    shouty(&format!("{word}_{method}"))
}

/// `helloworld.Greeter`, as it stands in paths.
fn full_name(file: &FileDescriptorProto, service: &ServiceDescriptorProto) -> String {
    if file.package().is_empty() {
        service.name().to_owned()
    } else {
        format!("{}.{}", file.package(), service.name())
    }
}
