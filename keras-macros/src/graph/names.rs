//! Names of layers: the user's, or those that Keras would give.

use std::collections::{HashMap, HashSet};

use super::Builder;
use crate::diag::{Message, Place, Reported};
use crate::layers::{Family, Use};

/// Names that were given, and what Keras would give next.
#[derive(Debug, Default)]
pub(super) struct Names {
    pub prefix: String,
    pub taken: HashSet<String>,
    pub counters: HashMap<String, usize>,
    /// They are those of a nested model, which warns of what is unused when it is compiled by itself.
    pub quiet: bool,
}

impl Names {
    /// `dense`, `dense_1`, ...
    pub fn next(&mut self, kind: &str) -> String {
        loop {
            let count = self.counters.entry(kind.to_string()).or_default();
            let name = if *count == 0 { kind.to_string() } else { format!("{kind}_{count}") };
            *count += 1;
            if self.taken.insert(name.clone()) {
                return format!("{}{name}", self.prefix);
            }
        }
    }
}

impl Builder<'_> {
    /// `name = "..."`, or what Keras would call it.
    pub(super) fn layer_name(&mut self, u: &Use) -> Result<String, Reported> {
        let explicit = match u.entry.family {
            Family::Layer => u.args.text("name").map(|name| (name.to_string(), u.args.place("name"))),
            Family::Activation | Family::Function => None,
        };
        let base = if u.entry.family == Family::Activation { "activation" } else { u.entry.name };
        match explicit {
            Some((name, place)) => self.explicit_name(&name, place),
            None => Ok(self.next_name(base)),
        }
    }

    /// The name that the user gave, in full.
    pub(super) fn explicit_name(&mut self, name: &str, place: Place) -> Result<String, Reported> {
        if let Some(inner) = name.split_once('{').and_then(|(_, rest)| rest.split_once('}')) {
            let headline = format!("`{{{}}}` in a name must be a number that is known here", inner.0);
            let message = Message::new(place, headline)
                .help("it may use the counter of a `repeat`, or a parameter of a block");
            return Err(self.diag.report(message));
        }
        if name.is_empty() || name.contains('/') {
            let message = Message::new(place, format!("`{name}` cannot be the name of a layer"))
                .note("names are not empty, and have no `/` in them");
            return Err(self.diag.report(message));
        }
        let names = self.names.last_mut().expect("there is one for the model");
        if !names.taken.insert(name.to_string()) {
            let message = Message::new(place, format!("two layers are called `{name}`"))
                .note("weights are saved under the names of their layers")
                .help("give each layer a name of its own");
            return Err(self.diag.report(message));
        }
        Ok(format!("{}{name}", names.prefix))
    }

    /// The next free name of a kind.
    pub(super) fn next_name(&mut self, kind: &str) -> String {
        self.names.last_mut().expect("there is one for the model").next(kind)
    }
}
