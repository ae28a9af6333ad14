//! Blocks that other macro calls use: what those are told of them.

use proc_macro2::TokenStream;

use super::Definitions;
use super::blocks::signature;
use super::constants::is_constant_name;
use super::definitions::needed;
use crate::diag::Message;
use crate::link::Export;
use crate::model::PublicBlock;
use crate::syntax::ast::{BlockItem, Expr, ExprKind, Item};

impl Definitions<'_> {
    /// The blocks with a visibility of their own.
    pub(super) fn public_blocks(&self, items: &[Item], links: &TokenStream) -> Vec<PublicBlock> {
        let public = items.iter().filter_map(|item| match item {
            Item::Block(block) if !block.vis.is_empty() => Some((item, block)),
            _ => None,
        });
        let export = |(item, block): (&Item, &BlockItem)| {
            let before = self.diag.errors();
            item.exprs().into_iter().for_each(|expr| self.check_public(block, expr));
            let ok = self.diag.errors() == before && self.failure(&block.name).is_none();
            let (attrs, vis, name) = (block.attrs.clone(), block.vis.clone(), block.name.clone());
            let export = Export { links: links.clone(), items: needed(items, item), constants: vec![] };
            PublicBlock { attrs, vis, name, signature: signature(block), export, ok }
        };
        public.map(export).collect()
    }

    /// A block is compiled where it is used, and Rust's constants are not seen there.
    fn check_public(&self, block: &BlockItem, expr: &Expr) {
        if let ExprKind::Path(path) = &expr.kind {
            let last = path[path.len() - 1].to_string();
            let text = expr.to_string();
            let parameter = block.params.iter().any(|param| param.name == last);
            if is_constant_name(&last) && !self.constants.knows(&text) && !parameter {
                let headline = format!("`{text}` is a constant of Rust, which a public block cannot see");
                let message = Message::new(expr.place, headline)
                    .note("a public block is compiled where it is used, in other modules and crates")
                    .help(format!(
                        "declare `const {last}: usize = ..;` with its number inside of the macro call, or make it a parameter"
                    ));
                self.diag.report(message);
            }
        }
        expr.children().into_iter().for_each(|child| self.check_public(block, child));
    }
}
