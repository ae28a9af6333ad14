//! What is said where a model or a block is used as a layer: `Vgg(outputs = "block3", trainable = false)`.

use proc_macro2::Ident;

use super::Builder;
use super::cut::Cut;
use crate::diag::{Message, Place, Reported, did_you_mean};
use crate::syntax::ast::{Arg, Expr, ExprKind};

/// The arguments of a model as a layer.
#[derive(Default)]
pub(super) struct Options {
    /// `outputs = "layer"` or `outputs = ["layer", "other"]`
    pub cut: Option<Cut>,
    /// `name = "..."`
    pub name: Option<(String, Place)>,
    /// `trainable = false`
    pub frozen: bool,
}

impl Builder<'_> {
    /// Reads the arguments of model `name`.
    pub(super) fn options(&self, name: &Ident, given: &[Arg]) -> Result<Options, Reported> {
        let mut options = Options::default();
        for arg in given {
            let Some(label) = &arg.name else {
                let headline = format!("`{name}` takes no arguments after `>>` but by name");
                let message = Message::new(arg.value.place, headline)
                    .help(format!("write `x >> {name}`, or `{name}(x)`"))
                    .help(format!("to end at a layer inside of it: `{name}(outputs = \"dense_1\")`"));
                return Err(self.diag.report(message));
            };
            match label.to_string().as_str() {
                "outputs" => options.cut = Some(self.cut_at(name, &arg.value)?),
                "trainable" => options.frozen = !self.trainable_argument(name, &arg.value)?,
                "name" => options.name = Some(self.name_argument(name, &arg.value)?),
                other => {
                    let message = Message::new(label.span(), format!("`{name}` has no argument `{other}`"))
                        .help_if(did_you_mean(other, ["outputs", "trainable", "name"]))
                        .help(format!("to end at a layer inside of it: `{name}(outputs = \"dense_1\")`"));
                    return Err(self.diag.report(message));
                }
            }
        }
        Ok(options)
    }

    fn cut_at(&self, name: &Ident, value: &Expr) -> Result<Cut, Reported> {
        let parts = match &value.kind {
            ExprKind::List(parts) | ExprKind::Tuple(parts) if !parts.is_empty() => &parts[..],
            _ => std::slice::from_ref(value),
        };
        let names = parts.iter().map(|part| match &part.kind {
            ExprKind::Str(text) => Ok((text.clone(), part.place)),
            ExprKind::Error(reported) => Err(*reported),
            _ => {
                let headline = format!(
                    "`outputs` of `{name}` must be the name of a layer, or a list of names, found `{part}`"
                );
                let message = Message::new(part.place, headline);
                Err(self.diag.report(message.help("names are strings: `outputs = \"dense_1\"`")))
            }
        });
        Ok(Cut(names.collect::<Result<_, _>>()?))
    }

    /// Whether a model or block called `name` is to be trained.
    pub(super) fn trainable_argument(&self, name: &Ident, value: &Expr) -> Result<bool, Reported> {
        match self.decided(value)?.kind {
            ExprKind::Bool(trainable) => Ok(trainable),
            ExprKind::Error(reported) => Err(reported),
            _ => {
                let headline = format!("`trainable` of `{name}` must be `true` or `false`, found `{value}`");
                Err(self.diag.report(Message::new(value.place, headline)))
            }
        }
    }

    fn name_argument(&self, name: &Ident, value: &Expr) -> Result<(String, Place), Reported> {
        match &value.kind {
            ExprKind::Str(text) => Ok((text.clone(), value.place)),
            ExprKind::Error(reported) => Err(*reported),
            _ => {
                let headline = format!("`name` of `{name}` must be a string, found `{value}`");
                Err(self.diag.report(Message::new(value.place, headline)))
            }
        }
    }
}
