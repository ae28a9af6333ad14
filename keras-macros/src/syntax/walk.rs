//! Walking over expressions: the names in them.

use proc_macro2::{Ident, TokenStream};

use super::ast::{Block, Body, CellItem, Expr, ExprKind, Item, ModelItem};

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

    /// Whether there is an `if` in it.
    pub fn has_choice(&self) -> bool {
        matches!(self.kind, ExprKind::If(_)) || self.children().into_iter().any(Expr::has_choice)
    }

    /// All plain names in it that are used, and not defined there by `|x|` or a counter.
    pub fn idents(&self) -> Vec<Ident> {
        let mut idents: Vec<Ident> = self.children().into_iter().flat_map(Expr::idents).collect();
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

    /// Every expression directly inside of it.
    pub fn exprs(&self) -> Vec<&Expr> {
        match self {
            Item::Model(model) => match &model.body {
                Body::Sequential(expr) => vec![expr],
                Body::Functional { inputs, outputs, block } => {
                    let declared = inputs.iter().chain(outputs.iter().flatten());
                    let dims = declared.flat_map(|declared| &declared.dims);
                    let values = block.lets.iter().map(|binding| &binding.value);
                    dims.chain(values).chain(block.tail.as_deref()).collect()
                }
            },
            Item::Cell(CellItem { inputs, states, output, block, .. }) => {
                let declared = inputs.iter().chain(states).chain(output);
                let dims = declared.flat_map(|declared| &declared.dims);
                let values = block.lets.iter().map(|binding| &binding.value);
                dims.chain(values).chain(block.tail.as_deref()).collect()
            }
            Item::Block(block) => {
                let defaults = block.params.iter().filter_map(|param| param.default.as_ref());
                defaults.chain([&*block.body.body]).collect()
            }
            Item::Const(constant) => constant.value.iter().collect(),
        }
    }

    /// Every plain name that it uses.
    pub fn idents(&self) -> Vec<Ident> {
        self.exprs().into_iter().flat_map(Expr::idents).collect()
    }
}
