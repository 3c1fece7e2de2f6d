//! `Schema`: what can be called, and what messages look like.
//!
//! In: flags, and perhaps a server to ask. Out: services, methods and types by name.
//!
//! ```text
//!   -proto, -protoset  --files-->  +------+
//!                                  | pool |  <-- what is asked for
//!   the server   --reflector-->    +------+
//! ```
//!
//! Must not know: what is done with a symbol.

mod files;
pub(crate) mod flags;
mod reflector;
mod symbol;
mod written;

use prost_reflect::{DescriptorPool, FileDescriptor, MessageDescriptor, MethodDescriptor};

use crate::dial::Dialed;
use crate::failure::Failure;
use crate::headers::HeaderFlags;
use flags::SchemaFlags;
use reflector::Reflector;
pub(crate) use symbol::Symbol;

/// What can be called, and what messages look like.
pub(crate) struct Schema {
    pool: DescriptorPool,
    reflector: Option<Reflector>,
}

impl Schema {
    /// Reads the files that the flags name; the server is asked when something is wanted.
    pub(crate) fn open(
        flags: &SchemaFlags,
        headers: &HeaderFlags,
        dialed: Option<&Dialed>,
    ) -> Result<Schema, Failure> {
        if !flags.has_source() {
            let what =
                "nobody to ask: there are no files, and -use-reflection=false says not to ask the server";
            return Err(Failure::usage(
                what,
                "leave it out, or give descriptors with -proto FILE or -protoset FILE",
            ));
        }
        let pool = files::pool(flags)?;
        let reflector = match dialed.filter(|_| flags.asks_server()) {
            Some(dialed) => Some(Reflector::new(dialed.clone(), headers.for_reflection()?)),
            None => None,
        };
        Ok(Schema { pool, reflector })
    }

    /// The full names of all services, in alphabetical order.
    pub(crate) async fn services(&mut self) -> Result<Vec<String>, Failure> {
        if let Some(reflector) = &mut self.reflector {
            return reflector.services().await;
        }
        let mut names: Vec<_> = self.pool.services().map(|service| service.full_name().to_owned()).collect();
        names.sort();
        Ok(names)
    }

    /// Whatever has this full name.
    ///
    /// # Errors
    ///
    /// There is no such symbol; the hint names one that is nearly spelled so.
    pub(crate) async fn symbol(&mut self, name: &str) -> Result<Symbol, Failure> {
        let name = name.trim_start_matches('.');
        if let Some(symbol) = Symbol::find(&self.pool, name) {
            return Ok(symbol);
        }
        self.fetch(name).await?;
        if let Some(symbol) = Symbol::find(&self.pool, name) {
            return Ok(symbol);
        }
        let hint = self.nearly(name).await;
        Err(Failure::cannot(format!("there is no symbol {name}"), hint))
    }

    /// A method, as `package.Service/Method` or `package.Service.Method`.
    pub(crate) async fn method(&mut self, given: &str) -> Result<MethodDescriptor, Failure> {
        let given = given.trim_start_matches('/');
        if let (None, Ok(Symbol::Service(service))) = (given.find('/'), self.symbol(given).await) {
            let names: Vec<_> = service.methods().map(|method| method.name().to_owned()).collect();
            let what = format!("{given} is a service; its methods are {}", names.join(", "));
            return Err(Failure::usage(what, format!("write {given}/Method")));
        }
        let Some((service, method)) = given.rsplit_once('/').or_else(|| given.rsplit_once('.')) else {
            let hint = "write package.Service/Method; `wright list ADDRESS` shows the services";
            return Err(Failure::usage(format!("{given:?} is no method"), hint));
        };
        let Symbol::Service(found) = self.symbol(service).await? else {
            let hint = "`wright list ADDRESS` shows the services";
            return Err(Failure::cannot(format!("{service} is no service"), hint));
        };
        let wanted = found.methods().find(|known| known.name() == method);
        wanted.ok_or_else(|| {
            let names: Vec<_> = found.methods().map(|known| known.name().to_owned()).collect();
            let hint = match closest(method, &names) {
                Some(name) => format!("did you mean {service}/{name}?"),
                None => format!("it has {}", names.join(", ")),
            };
            Failure::cannot(format!("{service} has no method {method}"), hint)
        })
    }

    /// A message type, fetched if need be; `None` if nobody knows it.
    pub(crate) async fn message(&mut self, name: &str) -> Result<Option<MessageDescriptor>, Failure> {
        if self.pool.get_message_by_name(name).is_none() {
            self.fetch(name).await?;
        }
        Ok(self.pool.get_message_by_name(name))
    }

    /// Fetches the extensions of a message, so that they can be read and written.
    pub(crate) async fn extensions_of(&mut self, message: &MessageDescriptor) -> Result<(), Failure> {
        let Some(reflector) = self.reflector.as_mut().filter(|_| message.extension_ranges().len() > 0) else {
            return Ok(());
        };
        reflector.fetch_extensions(message.full_name()).await?;
        reflector.add_to(&mut self.pool)
    }

    /// The descriptors that are here so far.
    pub(crate) fn pool(&self) -> &DescriptorPool {
        &self.pool
    }

    /// Writes files and all that they import, if and how the flags want that.
    pub(crate) fn write_out(&self, flags: &SchemaFlags, files: Vec<FileDescriptor>) -> Result<(), Failure> {
        if !flags.wants_files() {
            return Ok(());
        }
        let (mut open, mut found) = (files, Vec::<FileDescriptor>::new());
        while let Some(file) = open.pop() {
            if !found.contains(&file) {
                open.extend(file.dependencies());
                found.push(file);
            }
        }
        if let Some(path) = &flags.protoset_out {
            written::set(path, &found)?;
        }
        if let Some(folder) = &flags.proto_out_dir {
            written::protos(folder, &found)?;
        }
        Ok(())
    }

    async fn fetch(&mut self, symbol: &str) -> Result<(), Failure> {
        if let Some(reflector) = &mut self.reflector
            && reflector.fetch_symbol(symbol).await?
        {
            reflector.add_to(&mut self.pool)?;
        }
        Ok(())
    }

    /// What might have been meant.
    async fn nearly(&mut self, name: &str) -> String {
        // Whoever cannot be asked has no suggestion to make.
        let services = self.services().await.unwrap_or_default();
        match closest(name, &services) {
            Some(service) => format!("did you mean {service}?"),
            None if services.is_empty() => "there are no services".to_owned(),
            None => format!("there are the services {}", services.join(", ")),
        }
    }
}

/// The name that is most like the one given, if any is much like it.
fn closest(given: &str, names: &[String]) -> Option<String> {
    let lower = given.to_lowercase();
    let likeness = |name: &String| {
        let name = name.to_lowercase();
        let is_part = name.ends_with(&format!(".{lower}"));
        if is_part { 1.0 } else { strsim::jaro_winkler(&name, &lower) }
    };
    let best = names.iter().map(|name| (likeness(name), name)).max_by(|one, other| one.0.total_cmp(&other.0));
    best.filter(|(likeness, _)| *likeness >= ALIKE).map(|(_, name)| name.clone())
}

/// A letter or two are wrong, and no more: the measure of Jaro and Winkler goes from 0 to 1.
const ALIKE: f64 = 0.9;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_nearly_right_is_recognized() {
        let names = ["helloworld.Greeter", "routeguide.RouteGuide"].map(str::to_owned);
        assert_eq!(closest("helloworld.Greter", &names).as_deref(), Some("helloworld.Greeter"));
        assert_eq!(closest("greeter", &names).as_deref(), Some("helloworld.Greeter"));
        assert_eq!(closest("banana", &names), None);
    }
}
