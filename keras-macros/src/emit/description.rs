//! What Keras would say of a model: a function, so that only programs that ask for it have it in them.

use proc_macro2::TokenStream;
use quote::quote;

use super::words;
use crate::graph::{Description, MARK, NUMBER};
use crate::model::Model;

/// `fn description`, unless the model has errors.
pub fn function(krate: &TokenStream, model: &Model) -> Option<TokenStream> {
    let Description { config, sizes, problem, order, models } = &model.description;
    if !model.ok {
        return None;
    }
    let (problem, config, order) = match problem {
        Some(problem) => (quote!(Some(#problem)), vec![], &[][..]),
        // Text, then a size, then text again.
        None => (quote!(None), config.split(MARK).collect(), &order[..]),
    };
    let pieces = config.iter().enumerate().map(|(i, piece)| {
        let constant = |at: &str| at.parse::<usize>().ok().filter(|_| i % 2 == 1).map(|at| words(&sizes[at]));
        match (piece.strip_prefix(NUMBER).and_then(constant), constant(piece)) {
            (Some(number), _) => quote!(Piece::Number((#number) as f32)),
            (None, Some(size)) => quote!(Piece::Size(#size)),
            (None, None) => quote!(Piece::Text(#piece)),
        }
    });
    let models = models.iter().map(|(name, class)| quote!((#name, #class)));
    Some(quote! {
        fn description() -> #krate::compiled::Description {
            #[allow(unused_imports)]
            use #krate::compiled::*;
            const DESCRIPTION: Description = Description {
                config: &[#(#pieces),*],
                problem: #problem,
                order: &[#(#order),*],
                models: &[#(#models),*],
            };
            DESCRIPTION
        }
    })
}
