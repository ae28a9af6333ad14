//! What the front end hands to the back end.

use proc_macro2::{Ident, TokenStream};

use crate::diag::Diagnostics;
use crate::dump::Dump;
use crate::link::{Call, Export};
use crate::syntax::ast::{File, Item};
use crate::{graph, ir, syntax};

/// Everything in one macro call.
pub struct Compilation {
    /// Path of `keras_runtime`.
    pub krate: TokenStream,
    /// Constants that were declared inside, as Rust items.
    pub consts: TokenStream,
    pub models: Vec<Model>,
    pub blocks: Vec<PublicBlock>,
}

/// A block that other macro calls use.
pub struct PublicBlock {
    /// Documentation and attributes.
    pub attrs: TokenStream,
    pub vis: TokenStream,
    pub name: Ident,
    /// `residual(filters, strides = 1)`
    pub signature: String,
    pub export: Export,
    /// Whether no error was reported.
    pub ok: bool,
}

/// How a model was written, and so what becomes of it.
pub enum Form {
    /// A struct.
    Item {
        /// Documentation and attributes.
        attrs: TokenStream,
        vis: TokenStream,
        name: Ident,
    },
    /// A struct that is a loss.
    Loss {
        /// Documentation and attributes.
        attrs: TokenStream,
        vis: TokenStream,
        name: Ident,
        /// What messages call it.
        text: String,
        /// The shape of its values for one sample.
        values: Vec<ir::Dim>,
    },
    /// A block that makes a model.
    Expression,
}

/// A checked model.
pub struct Model {
    pub form: Form,
    pub graph: ir::Graph,
    /// What only rustc can check: equality of Rust constants.
    pub assertions: TokenStream,
    /// Harmless references to the documentation of what the user named, for editors.
    pub mentions: TokenStream,
    /// What other macro calls need, to use it as a layer.
    pub export: Export,
    /// What Keras would say of it.
    pub description: graph::Description,
    /// Whether no error was reported. Otherwise only a stub is wanted, so that nothing else fails for want of it.
    pub ok: bool,
}

impl Compilation {
    /// Compiles a [`Call`].
    pub fn new(input: TokenStream, diag: &Diagnostics) -> Self {
        let Call { krate, links, content } = Call::new(input);
        let Some(file) = syntax::parse(content, diag) else {
            return Compilation { krate, consts: TokenStream::new(), models: vec![], blocks: vec![] };
        };
        dump_syntax(&file);
        let graph::Compiled { consts, models, blocks } = graph::compile(&file, &links, &krate, diag);
        for model in &models {
            Dump::of(&model.name()).stage("layers", &graph::table(&model.graph));
        }
        Compilation { krate, consts, models, blocks }
    }
}

impl Model {
    /// The name in dumps.
    pub fn name(&self) -> String {
        match &self.form {
            Form::Item { name, .. } | Form::Loss { name, .. } => name.to_string(),
            Form::Expression => "Sequential".to_string(),
        }
    }
}

fn dump_syntax(file: &File) {
    match file {
        File::Expression(expr) => Dump::of("Sequential").stage("syntax", expr),
        File::Items(items) => {
            for item in items {
                if let Item::Model(model) = item {
                    Dump::of(&model.name.to_string()).stage("syntax", model);
                }
            }
        }
    }
}
