//! Refuses sets over which prost-build would think forever.
//!
//! To decide whether a message can be `Copy` or `Eq`, prost-build follows its fields into other messages, once per
//! field and without remembering: forty messages with two fields each, all of the next one's type, make 2^40 steps. In
//! comes a set whose names are known to lead somewhere; out goes an error if the same walks, counted with memory, are
//! longer than anything that people write.

use std::collections::{HashMap, HashSet};

use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{DescriptorProto, FieldDescriptorProto, FileDescriptorSet};

use crate::error::Error;

/// Adds up the walks from all messages of a set.
///
/// # Errors
///
/// The sum is too large, or a walk too deep.
pub(super) fn check(set: &FileDescriptorSet) -> Result<(), Error> {
    let mut graph = Graph::default();
    for file in &set.file {
        let package = if file.package().is_empty() { String::new() } else { format!(".{}", file.package()) };
        for message in &file.message_type {
            graph.add(&package, message);
        }
    }
    let mut known = HashMap::new();
    let mut total: u64 = 0;
    for name in graph.fields.keys() {
        total = total.saturating_add(graph.steps(name, &mut known, 0));
        if total > MAX_STEPS {
            return Err(Error::new(format!(
                "messages contain each other on more than {MAX_STEPS} paths, or more than {MAX_DEPTH} deep, `{}` among \
                 them; make some of the fields between them `repeated`",
                name.trim_start_matches('.')
            )));
        }
    }
    Ok(())
}

/// Which messages each message contains directly, in the order of its fields.
#[derive(Default)]
struct Graph {
    /// The singular fields that hold messages.
    fields: HashMap<String, Vec<String>>,
    /// How many of those stand before the first repeated field, which ends the walk: such a message is neither.
    walked: HashMap<String, usize>,
}

impl Graph {
    fn add(&mut self, scope: &str, message: &DescriptorProto) {
        let name = format!("{scope}.{}", message.name());
        for nested in &message.nested_type {
            self.add(&name, nested);
        }
        let is_message = |field: &&FieldDescriptorProto| field.r#type() == Type::Message;
        let is_singular = |field: &&FieldDescriptorProto| field.label() != Label::Repeated;
        let walked = message.field.iter().take_while(is_singular).filter(is_message).count();
        let fields = message.field.iter().filter(is_singular).filter(is_message);
        self.fields.insert(name.clone(), fields.map(|field| field.type_name().to_owned()).collect());
        self.walked.insert(name, walked);
    }

    /// How many messages the walk from here visits, counting each as often as it is visited.
    fn steps(&self, name: &str, known: &mut HashMap<String, u64>, depth: usize) -> u64 {
        if depth > MAX_DEPTH {
            return u64::MAX;
        }
        if let Some(steps) = known.get(name) {
            return *steps;
        }
        let fields = self.fields.get(name).map_or(&[][..], Vec::as_slice);
        let walked = self.walked.get(name).copied().unwrap_or(0);
        // A message that contains itself is boxed, which ends the walk as well.
        let walked = fields.iter().take(walked).take_while(|field| !self.reaches(field, name));
        let steps =
            walked.fold(1_u64, |steps, field| steps.saturating_add(self.steps(field, known, depth + 1)));
        known.insert(name.to_owned(), steps);
        steps
    }

    /// Whether a message contains another, at any depth.
    fn reaches(&self, from: &str, to: &str) -> bool {
        let mut seen = HashSet::from([from]);
        let mut open = vec![from];
        while let Some(name) = open.pop() {
            if name == to {
                return true;
            }
            let fields = self.fields.get(name).into_iter().flatten();
            open.extend(fields.map(String::as_str).filter(|field| seen.insert(field)));
        }
        false
    }
}

/// Ten million steps are about a second; the largest public APIs need some thousands.
const MAX_STEPS: u64 = 10_000_000;

/// Each level is a frame on prost-build's stack, and a level of every value on the user's.
const MAX_DEPTH: usize = 200;
