//! Which models and blocks a macro call takes from other macro calls.

use proc_macro2::Ident;

use super::ast::{Block, Call, Expr, ExprKind, File, Item, Operator};
use crate::diag::closest;
use crate::layers;

/// The paths of models and blocks that are not defined in `file`, each once.
pub fn models(file: &File) -> Vec<Vec<Ident>> {
    let (items, exprs) = match file {
        File::Expression(expr) => (&[][..], vec![expr]),
        File::Items(items) => (&items[..], items.iter().flat_map(Item::exprs).collect()),
    };
    let mut search = Search { items, known: vec![], stages: vec![], found: vec![] };
    for expr in &exprs {
        search.define(expr);
    }
    for item in items {
        search.known.push(item.name().to_string());
        if let Item::Block(block) = item {
            let params = block.params.iter().map(|param| &param.name).chain(&block.body.params);
            search.known.extend(params.map(Ident::to_string));
        }
    }
    for block in items.iter().filter_map(Item::block) {
        search.bindings(block);
    }
    for expr in exprs {
        search.expr(expr, Position::Value);
    }
    search.found
}

/// What stands at a place, as far as the place tells.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Position {
    /// A stage of a pipeline: whatever has a name is a layer.
    Stage,
    /// A tensor or a layer.
    Value,
    /// An argument of a layer: a bare name is an activation or a constant.
    Argument,
}

struct Search<'a> {
    items: &'a [Item],
    /// Names that the macro call defines.
    known: Vec<String>,
    /// Names that are used as layers.
    stages: Vec<String>,
    found: Vec<Vec<Ident>>,
}

impl Search<'_> {
    /// Remembers every name that `expr` defines, or uses as a layer.
    fn define(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Binary(Operator::Pipe, _, layer) => {
                self.stages.extend(layer.as_name().map(Ident::to_string));
            }
            ExprKind::Call(call) => self.stages.extend(call.name().map(Ident::to_string)),
            ExprKind::Block(block) => {
                let names = block.lets.iter().flat_map(|binding| binding.pattern.names());
                self.known.extend(names.map(Ident::to_string));
            }
            ExprKind::Closure(closure) => self.known.extend(closure.params.iter().map(Ident::to_string)),
            ExprKind::Repeat(repeat) => self.known.extend(repeat.counter.iter().map(Ident::to_string)),
            _ => {}
        }
        for child in expr.children() {
            self.define(child);
        }
    }

    fn expr(&mut self, expr: &Expr, position: Position) {
        match &expr.kind {
            ExprKind::Path(path) => self.path(path, position),
            ExprKind::Call(call) => {
                // No function is called like a type.
                let layer = position == Position::Stage || is_capitalised(&call.path);
                let position = if layer { Position::Stage } else { Position::Argument };
                self.path(&call.path, position);
                self.args(call);
            }
            ExprKind::Binary(Operator::Pipe, a, b) => {
                // What is fed to a layer may be a constant path, but a name that starts a pipeline is a model.
                let name = a.as_name().is_some() || matches!(a.kind, ExprKind::Call(_));
                let first = if name { Position::Stage } else { Position::Value };
                self.expr(a, first);
                self.expr(b, Position::Stage);
            }
            ExprKind::Block(block) => {
                self.bindings(block);
                block.tail.iter().for_each(|tail| self.expr(tail, position));
            }
            ExprKind::Repeat(repeat) => {
                self.expr(&repeat.count, Position::Value);
                self.expr(&repeat.body, Position::Stage);
            }
            ExprKind::If(choice) => {
                self.expr(&choice.condition, Position::Argument);
                let branches = [&choice.then].into_iter().chain(&choice.otherwise);
                branches.for_each(|branch| self.expr(branch, position));
            }
            ExprKind::Closure(closure) => self.expr(&closure.body, Position::Value),
            _ => {
                for child in expr.children() {
                    self.expr(child, position);
                }
            }
        }
    }

    /// The values that `block` names: one that is used as a layer is one, and so what its path names.
    fn bindings(&mut self, block: &Block) {
        for binding in &block.lets {
            let is_layer = binding.pattern.names().iter().any(|name| self.stages.contains(&name.to_string()));
            let position = if is_layer { Position::Stage } else { Position::Value };
            self.expr(&binding.value, position);
        }
    }

    fn args(&mut self, call: &Call) {
        let of_block = |name: &Ident| {
            self.items.iter().any(|item| matches!(item, Item::Block(block) if block.name == *name))
        };
        let position = if call.name().is_some_and(of_block) { Position::Value } else { Position::Argument };
        let entry = call.name().and_then(|name| layers::find(&name.to_string()));
        for (i, arg) in call.args.iter().enumerate() {
            // What a wrapper wraps.
            let param = entry.and_then(|entry| entry.param(i, arg.name.as_ref()));
            let is_layer = param.is_some_and(|param| param.kind == layers::Kind::Layer);
            self.expr(&arg.value, if is_layer { Position::Stage } else { position });
        }
    }

    fn path(&mut self, path: &[Ident], position: Position) {
        let last = path[path.len() - 1].to_string();
        let constant = !last.chars().any(char::is_lowercase);
        let wanted = match position {
            // A layer's own name is one of this macro call or of the vocabulary; a block of another has a path.
            Position::Stage => is_capitalised(path) || path.len() > 1,
            Position::Value => is_capitalised(path) && !constant,
            Position::Argument => is_capitalised(path) && !constant && path.len() > 1,
        };
        let known = path.len() == 1 && self.is_known(&last);
        if wanted && !known && !self.found.iter().any(|other| other == path) {
            self.found.push(path.to_vec());
        }
    }

    /// Whether a name is, or was meant to be, one of this macro call or of the vocabulary.
    fn is_known(&self, name: &str) -> bool {
        let known = self.known.iter().map(String::as_str);
        name == "None"
            || closest(name, known).is_some()
            || layers::nearest_layer(name).is_some()
            || layers::find_activation(&name.to_lowercase()).is_some()
    }
}

fn is_capitalised(path: &[Ident]) -> bool {
    path[path.len() - 1].to_string().starts_with(char::is_uppercase)
}
