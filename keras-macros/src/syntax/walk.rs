//! Walking over expressions: the names in them.

use proc_macro2::{Ident, TokenStream};

use crate::diag::Reported;

use super::ast::{Block, Body, Call, CellItem, Expr, ExprKind, Item, ModelItem};
use crate::layers::{self, Kind};

impl Expr {
    /// Every expression directly inside of this one.
    pub fn children(&self) -> Vec<&Expr> {
        match &self.kind {
            ExprKind::Call(call) => call.args.iter().map(|arg| &arg.value).collect(),
            ExprKind::Binary(_, a, b) => vec![a, b],
            ExprKind::Neg(x) => vec![x],
            ExprKind::Tuple(parts) | ExprKind::List(parts) => parts.iter().collect(),
            ExprKind::Closure(closure) => vec![&closure.body],
            ExprKind::Block(block) => {
                block.lets.iter().map(|binding| &binding.value).chain(block.tail.as_deref()).collect()
            }
            ExprKind::Repeat(repeat) => vec![&repeat.count, &repeat.body],
            ExprKind::If(choice) => {
                [&choice.condition, &choice.then].into_iter().chain(&choice.otherwise).collect()
            }
            ExprKind::Int(_)
            | ExprKind::Float(_)
            | ExprKind::Bool(_)
            | ExprKind::Str(_)
            | ExprKind::Path(_)
            | ExprKind::Error(_) => vec![],
        }
    }

    /// Whether what it says is not all known.
    pub fn failed(&self) -> Option<Reported> {
        match self.kind {
            ExprKind::Error(reported) => Some(reported),
            _ => self.children().into_iter().find_map(Expr::failed),
        }
    }

    /// Whether there is an `if` in it.
    pub fn has_choice(&self) -> bool {
        matches!(self.kind, ExprKind::If(_)) || self.children().into_iter().any(Expr::has_choice)
    }

    /// All plain names in it that are used, and not defined there by `|x|`, a `let` or a counter.
    pub fn idents(&self) -> Vec<Ident> {
        if let ExprKind::Block(block) = &self.kind {
            return block.idents();
        }
        let children = self.children().into_iter().enumerate();
        let children = children.filter(|(i, child)| match &self.kind {
            ExprKind::Call(call) => !is_word(call, *i, child),
            _ => true,
        });
        let mut idents: Vec<Ident> = children.flat_map(|(_, child)| child.idents()).collect();
        match &self.kind {
            ExprKind::Path(path) if path.len() == 1 => idents.push(path[0].clone()),
            ExprKind::Call(call) => idents.splice(0..0, call.name().cloned()).for_each(drop),
            ExprKind::Closure(closure) => idents.retain(|ident| !closure.params.contains(ident)),
            ExprKind::Repeat(repeat) => idents.retain(|ident| repeat.counter.as_ref() != Some(ident)),
            _ => {}
        }
        idents
    }
}

/// Whether `value`, argument `i` of `call`, is a word that a layer knows: `padding = same`.
fn is_word(call: &Call, i: usize, value: &Expr) -> bool {
    let entry = call.name().and_then(|name| layers::find(&name.to_string()));
    let param = entry.and_then(|entry| entry.param(i, call.args[i].name.as_ref()));
    match (param.map(|param| param.kind), value.as_name()) {
        (Some(Kind::Choice(words)), Some(name)) => words.iter().any(|word| name == word),
        _ => false,
    }
}

impl Block {
    /// All plain names in it that are used, but for those that a `let` before them defines.
    fn idents(&self) -> Vec<Ident> {
        let (mut idents, mut own): (Vec<Ident>, Vec<&Ident>) = (vec![], vec![]);
        let used = |expr: &Expr, own: &[&Ident]| {
            expr.idents().into_iter().filter(|ident| !own.contains(&ident)).collect::<Vec<_>>()
        };
        for binding in &self.lets {
            idents.extend(used(&binding.value, &own));
            own.extend(binding.pattern.names());
        }
        idents.extend(self.tail.iter().flat_map(|tail| used(tail, &own)));
        idents
    }
}

impl Item {
    /// Its name.
    pub fn name(&self) -> &Ident {
        match self {
            Item::Model(model) => &model.name,
            Item::Block(block) => &block.name,
            Item::Cell(cell) => &cell.name,
            Item::Const(constant) => &constant.name,
        }
    }

    /// As it was written.
    pub fn tokens(&self) -> &TokenStream {
        match self {
            Item::Model(model) => &model.tokens,
            Item::Block(block) => &block.tokens,
            Item::Cell(cell) => &cell.tokens,
            Item::Const(constant) => &constant.tokens,
        }
    }

    /// Its body, if it has one with `let`s.
    pub fn block(&self) -> Option<&Block> {
        match self {
            Item::Model(ModelItem { body: Body::Functional { block, .. }, .. })
            | Item::Cell(CellItem { block, .. }) => Some(block),
            Item::Model(_) | Item::Block(_) | Item::Const(_) => None,
        }
    }

    /// The sizes of what it declares, and what else it says before its body.
    fn head(&self) -> Vec<&Expr> {
        match self {
            Item::Model(ModelItem { body: Body::Functional { inputs, outputs, .. }, .. }) => {
                let declared = inputs.iter().chain(outputs.iter().flatten());
                declared.flat_map(|declared| &declared.dims).collect()
            }
            Item::Cell(CellItem { inputs, states, output, .. }) => {
                let declared = inputs.iter().chain(states).chain(output);
                declared.flat_map(|declared| &declared.dims).collect()
            }
            Item::Block(block) => block.params.iter().filter_map(|param| param.default.as_ref()).collect(),
            Item::Model(_) | Item::Const(_) => vec![],
        }
    }

    /// Its body, if it is one expression.
    fn body(&self) -> Option<&Expr> {
        match self {
            Item::Model(ModelItem { body: Body::Sequential(expr), .. }) => Some(expr),
            Item::Block(block) => Some(&block.body.body),
            Item::Const(constant) => constant.value.as_ref(),
            Item::Model(_) | Item::Cell(_) => None,
        }
    }

    /// Every expression directly inside of it.
    pub fn exprs(&self) -> Vec<&Expr> {
        let values = self.block().map(|block| block.lets.iter().map(|binding| &binding.value));
        let tail = self.block().and_then(|block| block.tail.as_deref());
        self.head().into_iter().chain(self.body()).chain(values.into_iter().flatten()).chain(tail).collect()
    }

    /// Every plain name that it uses, but for those that it defines for itself.
    pub fn idents(&self) -> Vec<Ident> {
        let exprs = self.head().into_iter().chain(self.body()).flat_map(Expr::idents);
        let mut idents: Vec<Ident> =
            exprs.chain(self.block().map(Block::idents).into_iter().flatten()).collect();
        if let Item::Block(block) = self {
            let own: Vec<&Ident> =
                block.params.iter().map(|param| &param.name).chain(&block.body.params).collect();
            idents.retain(|ident| !own.contains(&ident));
        }
        idents
    }
}
