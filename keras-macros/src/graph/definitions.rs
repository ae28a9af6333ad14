//! What one macro call defines, and the order in which it is compiled.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::nested::snake_case;
use super::{Builder, Constants, losses};
use crate::diag::{Diagnostics, Message, Reported};
use crate::link::{self, Export, Link, key};
use crate::model::{Form, Model, PublicBlock};
use crate::syntax::ast::{BlockItem, Body, CellItem, File, Item, ModelItem};

/// What the models of one macro call share.
pub struct Definitions<'a> {
    pub diag: &'a Diagnostics,
    pub krate: &'a TokenStream,
    pub constants: Constants,
    /// Models, blocks and cells.
    items: Vec<&'a Item>,
    names: Vec<String>,
    /// Models and blocks with errors: what contains them stays silent.
    pub(super) failed: RefCell<HashMap<String, Reported>>,
    /// Blocks and cells that were used.
    pub(super) used: RefCell<Vec<String>>,
    /// Models of other macro calls, by their paths.
    links: Vec<(String, Linked<'a>)>,
    linked: bool,
    /// The crate that they stand in.
    home: String,
}

/// A model or a block of another macro call, among the definitions of that.
struct Linked<'a> {
    name: &'a Ident,
    ok: bool,
    definitions: Definitions<'a>,
}

impl Linked<'_> {
    /// Of a model with errors nothing is known but its name.
    fn is_model(&self) -> bool {
        !self.ok || self.definitions.model(&self.name.to_string()).is_some()
    }
}

/// A model or a block, and the definitions that its body sees.
#[derive(Clone, Copy)]
pub struct Found<'a, T = ModelItem> {
    pub definitions: &'a Definitions<'a>,
    pub item: &'a T,
}

impl Found<'_> {
    /// What is wrong with it, if anything is.
    pub fn failure(&self) -> Option<Reported> {
        self.definitions.failure(&self.item.name)
    }
}

impl<'a> Definitions<'a> {
    fn new(krate: &'a TokenStream, diag: &'a Diagnostics) -> Self {
        let constants = Constants::default();
        let (items, names, links) = (vec![], vec![], vec![]);
        let (failed, used) = (RefCell::default(), RefCell::default());
        Definitions {
            diag,
            krate,
            constants,
            items,
            names,
            failed,
            used,
            links,
            linked: false,
            home: link::home(),
        }
    }

    /// Makes the models of other macro calls known, and those that they contain.
    fn link(&mut self, links: &'a [Link]) {
        for link in links {
            let mut definitions = Definitions::new(self.krate, self.diag);
            definitions.constants = self.constants.linked(&link.path, &link.constants);
            definitions.linked = true;
            definitions.home.clone_from(&link.home);
            definitions.link(&link.links);
            definitions.declare(&link.items);
            self.links.push((key(&link.path), Linked { name: &link.name, ok: link.ok, definitions }));
        }
    }

    /// The crate that they stand in.
    pub fn home(&self) -> &str {
        &self.home
    }

    /// Whether they stand in the crate that is being compiled.
    pub fn is_here(&self) -> bool {
        self.home == link::home()
    }

    /// Whether they are those of another macro call.
    pub fn is_linked(&self) -> bool {
        self.linked
    }

    /// The model that `path` names here: of this macro call, or of another.
    pub fn model_at(&'a self, path: &[Ident]) -> Option<Found<'a>> {
        if let [name] = path
            && let Some(item) = self.model(&name.to_string())
        {
            return Some(Found { definitions: self, item });
        }
        let linked = self.linked_at(path)?;
        let item = linked.definitions.model(&linked.name.to_string())?;
        Some(Found { definitions: &linked.definitions, item })
    }

    /// The block that `path` names here: of this macro call, or of another.
    pub fn block_at(&'a self, path: &[Ident]) -> Option<Found<'a, BlockItem>> {
        if let [name] = path {
            return self.block(&name.to_string()).map(|item| Found { definitions: self, item });
        }
        let linked = self.linked_at(path)?;
        let item = linked.definitions.block(&linked.name.to_string())?;
        Some(Found { definitions: &linked.definitions, item })
    }

    /// Whether `name` is a model, of this macro call or of another.
    pub fn is_model(&self, name: &Ident) -> bool {
        self.is_model_at(std::slice::from_ref(name))
    }

    /// Whether `path` is a model, of this macro call or of another.
    pub fn is_model_at(&self, path: &[Ident]) -> bool {
        self.model(&key(path)).is_some() || self.linked_at(path).is_some_and(Linked::is_model)
    }

    /// Whether `path` is a model or a block of another macro call.
    pub fn is_linked_at(&self, path: &[Ident]) -> bool {
        self.linked_at(path).is_some()
    }

    fn linked_at(&self, path: &[Ident]) -> Option<&Linked<'a>> {
        let path = key(path);
        self.links.iter().find(|(known, _)| *known == path).map(|(_, linked)| linked)
    }

    /// Whether `path` is a model of another macro call that has errors: they are reported there.
    pub fn failed_elsewhere(&self, path: &[Ident]) -> Option<Reported> {
        (!self.linked_at(path)?.ok).then(Reported::elsewhere)
    }

    fn find(&self, name: &str) -> Option<&'a Item> {
        self.items.iter().copied().find(|item| item.name() == name)
    }

    /// The model called `name`.
    pub fn model(&self, name: &str) -> Option<&'a ModelItem> {
        if let Some(Item::Model(model)) = self.find(name) { Some(model) } else { None }
    }

    /// The block called `name`.
    pub fn block(&self, name: &str) -> Option<&'a BlockItem> {
        if let Some(Item::Block(block)) = self.find(name) { Some(block) } else { None }
    }

    /// The cell called `name`.
    pub fn cell(&self, name: &str) -> Option<&'a CellItem> {
        if let Some(Item::Cell(cell)) = self.find(name) { Some(cell) } else { None }
    }

    /// Whether a model, a block or a cell is called `name`.
    pub fn defines_layer(&self, name: &str) -> bool {
        self.find(name).is_some() || self.links.iter().any(|(known, _)| known == name)
    }

    /// Names of models and blocks.
    pub fn names(&self) -> Vec<&str> {
        self.names.iter().map(String::as_str).collect()
    }

    pub(super) fn fail(&self, name: &Ident, reported: Reported) {
        self.failed.borrow_mut().insert(name.to_string(), reported);
    }

    /// What was wrong with the model or block called `name`, if anything was.
    pub(super) fn failure(&self, name: &Ident) -> Option<Reported> {
        self.failed.borrow().get(&name.to_string()).copied()
    }

    fn declare(&mut self, items: &'a [Item]) {
        for item in items {
            match item {
                Item::Const(constant) => {
                    self.constants.declare(&constant.name, constant.value.as_ref());
                }
                Item::Model(_) | Item::Block(_) | Item::Cell(_) => {
                    match self.find(&item.name().to_string()) {
                        Some(_) => {
                            let (kind, name) = (kind(item), item.name());
                            let message =
                                Message::new(name.span(), format!("{kind} `{name}` is defined twice"))
                                    .help("give the second one a name of its own");
                            self.diag.report(message);
                        }
                        None => {
                            self.items.push(item);
                            self.names.push(item.name().to_string());
                        }
                    }
                }
            }
        }
    }

    fn compile(&'a self, item: &'a ModelItem) -> Model {
        let (attrs, vis, name) = (item.attrs.clone(), item.vis.clone(), item.name.clone());
        let form = match item.loss {
            Some(_) => Form::Loss { attrs, vis, text: snake_case(&name.to_string()), name, values: vec![] },
            None => Form::Item { attrs, vis, name },
        };
        if self.failure(&item.name).is_some() {
            return Builder::new(self).finish(form, false);
        }
        let builder = Builder::new(self);
        if builder.is_part(item) {
            return builder.part_model(item, form);
        }
        match &item.body {
            Body::Functional { inputs, outputs, block } if item.loss.is_some() => {
                let model = builder.functional_model(&item.name, inputs, outputs.as_deref(), block, form);
                losses::finish(self, item, inputs, model)
            }
            Body::Sequential(expr) => builder.sequential_model(expr, form),
            Body::Functional { inputs, outputs, block } => {
                builder.functional_model(&item.name, inputs, outputs.as_deref(), block, form)
            }
        }
    }

    /// A block that nothing uses is not looked into: not even its errors are found.
    fn warn_of_unused_blocks(&self) {
        let is_public = |item: &Item| matches!(item, Item::Block(block) if !block.vis.is_empty());
        // What a public block uses is used elsewhere.
        let mut used: HashSet<String> = self.used.borrow().iter().cloned().collect();
        let mut open: Vec<&Item> = self.items.iter().copied().filter(|item| is_public(item)).collect();
        while let Some(item) = open.pop() {
            for name in item.idents() {
                let own = self.items.iter().copied().find(|other| *other.name() == name);
                open.extend(own.filter(|_| used.insert(name.to_string())));
            }
        }
        for item in self.items.iter().filter(|item| matches!(item, Item::Block(_) | Item::Cell(_))) {
            let (kind, name) = (kind(item), item.name().to_string());
            if !is_public(item) && !used.contains(&name) && !name.starts_with('_') && self.diag.errors() == 0
            {
                let message = Message::new(item.name().span(), format!("{kind} `{name}` is never used"))
                    .help(format!("use it as a layer: `x >> {name}(..)`, or take it out"));
                self.diag.warn(message);
            }
        }
    }
}

/// What a macro call compiles to.
#[derive(Default)]
pub struct Compiled {
    /// Constants that were declared inside, as Rust items.
    pub consts: TokenStream,
    /// Those that others contain first.
    pub models: Vec<Model>,
    /// Blocks that other macro calls see.
    pub blocks: Vec<PublicBlock>,
}

/// Compiles what a macro call defines.
pub fn compile(file: &File, links: &TokenStream, krate: &TokenStream, diag: &Diagnostics) -> Compiled {
    let fetched = link::links(links.clone());
    let mut definitions = Definitions::new(krate, diag);
    definitions.link(&fetched);
    let items = match file {
        File::Expression(expr) => {
            let model = Builder::new(&definitions).sequential_model(expr, Form::Expression);
            return Compiled { models: vec![model], ..Compiled::default() };
        }
        File::Items(items) => items,
    };
    definitions.declare(items);
    // What the constants are made of does not matter to models.
    definitions.constants.leaves().borrow_mut().take();
    let consts = items.iter().filter_map(|item| match item {
        Item::Const(constant) => Some(constant.tokens.clone()),
        Item::Model(_) | Item::Block(_) | Item::Cell(_) => None,
    });
    let mut order = Order { definitions: &definitions, done: vec![], path: vec![] };
    definitions.items.iter().for_each(|item| order.visit(item));
    let models = order.done.into_iter().filter_map(|item| match item {
        Item::Model(model) => Some(definitions.compile(model)).map(|compiled| Model {
            export: Export {
                links: links.clone(),
                items: needed(items, item),
                constants: definitions.constants.leaves().borrow_mut().take(),
            },
            ..compiled
        }),
        Item::Block(_) | Item::Cell(_) | Item::Const(_) => None,
    });
    let models = models.collect();
    definitions.warn_of_unused_blocks();
    let blocks = definitions.public_blocks(items, links);
    Compiled { consts: consts.collect(), models, blocks }
}

/// `item` and every item that it uses, as they were written.
pub(super) fn needed(items: &[Item], item: &Item) -> TokenStream {
    let mut all = vec![item];
    let mut next = 0;
    while next < all.len() {
        for used in all[next].idents() {
            let found = items.iter().find(|other| *other.name() == used);
            all.extend(found.filter(|found| !all.iter().any(|known| known.name() == found.name())));
        }
        next += 1;
    }
    all.into_iter()
        .flat_map(|item| {
            let tokens = item.tokens();
            quote!(#tokens;)
        })
        .collect()
}

/// Depth-first search: an item comes after those it contains.
struct Order<'d, 'a> {
    definitions: &'d Definitions<'a>,
    done: Vec<&'a Item>,
    path: Vec<&'a Item>,
}

impl<'a> Order<'_, 'a> {
    fn visit(&mut self, item: &'a Item) {
        if self.done.iter().any(|done| done.name() == item.name()) {
            return;
        }
        self.path.push(item);
        for used in item.idents() {
            let Some(inner) = self.definitions.find(&used.to_string()) else { continue };
            match self.path.iter().position(|outer| *outer.name() == used) {
                Some(start) => self.cycle(&used, start),
                None => self.visit(inner),
            }
        }
        self.path.pop();
        self.done.push(item);
    }

    fn cycle(&self, used: &Ident, start: usize) {
        let members = &self.path[start..];
        let mut names: Vec<String> = members.iter().map(|item| format!("`{}`", item.name())).collect();
        names.push(format!("`{used}`"));
        let kind = kind(members[0]);
        let message = Message::new(used.span(), format!("{kind} `{used}` contains itself"))
            .note(format!("a cycle: {}", names.join(" contains ")))
            .help(format!("{kind}s nest, but not endlessly: take one of them apart"));
        let reported = self.definitions.diag.report(message);
        members.iter().for_each(|item| self.definitions.fail(item.name(), reported));
    }
}

fn kind(item: &Item) -> &'static str {
    match item {
        Item::Model(model) if model.loss.is_some() => "loss",
        Item::Model(_) => "model",
        Item::Block(_) => "block",
        Item::Cell(_) => "cell",
        Item::Const(_) => "constant",
    }
}
