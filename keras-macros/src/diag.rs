//! Diagnostics: one object collects every error of a build, each with its place, its notes and its remedies.
//!
//! Stable Rust gives a macro one way to fail, `compile_error!`, which has one place. An error about two places (the
//! layer that makes a shape and the one that cannot take it) is written as a call that does not type-check: rustc
//! underlines the callee, which has the producer's span, and the argument, which has the consumer's.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};

/// A range of the source: its first and its last token (spans cannot be joined on stable Rust).
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// First token.
    pub start: Span,
    /// Last token.
    pub end: Span,
}

impl Place {
    /// The whole macro call.
    pub fn call_site() -> Self {
        Span::call_site().into()
    }

    /// From the start of this to the end of `other`.
    pub fn to(self, other: Place) -> Self {
        Place { start: self.start, end: other.end }
    }

    /// The range of `tokens`.
    pub fn of(tokens: impl ToTokens) -> Self {
        let tokens: Vec<TokenTree> = tokens.into_token_stream().into_iter().collect();
        match (tokens.first(), tokens.last()) {
            (Some(first), Some(last)) => Place { start: first.span(), end: last.span() },
            _ => Place::call_site(),
        }
    }
}

impl From<Span> for Place {
    fn from(span: Span) -> Self {
        Place { start: span, end: span }
    }
}

/// The line of the source that `span` begins in, where the compiler tells.
pub fn line(span: Span) -> Option<usize> {
    proc_macro::is_available().then(|| span.unwrap().line())
}

/// Proof that an error was reported: what depends on the failed thing stays silent.
#[derive(Clone, Copy, Debug)]
pub struct Reported(());

impl Reported {
    /// For what another macro call has reported.
    pub fn elsewhere() -> Self {
        Reported(())
    }
}

/// One error, or one warning.
#[derive(Debug)]
#[must_use = "a message says nothing until it is reported"]
pub struct Message {
    place: Place,
    headline: String,
    label: Option<String>,
    producer: Option<Span>,
    /// Where the code is used that this is about, if it is written once and used several times.
    used: Option<Span>,
    notes: Vec<String>,
    helps: Vec<String>,
}

impl Message {
    /// A message at `place`; the headline names what is wrong.
    pub fn new(place: impl Into<Place>, headline: impl Into<String>) -> Self {
        let (place, headline) = (place.into(), headline.into());
        Message { place, headline, label: None, producer: None, used: None, notes: vec![], helps: vec![] }
    }

    /// A line that explains.
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// The same, if there is one.
    pub fn note_if(self, note: Option<&str>) -> Self {
        match note {
            Some(note) => self.note(note),
            None => self,
        }
    }

    /// A line that says what would mend it.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.helps.push(help.into());
        self
    }

    /// A remedy that there may be.
    pub fn help_if(self, help: Option<String>) -> Self {
        match help {
            Some(help) => self.help(help),
            None => self,
        }
    }

    /// Underlines the layer at `producer` too, and says `label` under the message's own place.
    pub fn against(mut self, producer: Span, label: impl Into<String>) -> Self {
        (self.producer, self.label) = (Some(producer), Some(label.into()));
        self
    }

    /// The text of an error with one place.
    fn text(&self) -> String {
        let notes = self.notes.iter().map(|note| format!("\n= note: {note}"));
        let helps = self.helps.iter().map(|help| format!("\n= help: {help}"));
        [self.headline.clone()].into_iter().chain(notes).chain(helps).collect()
    }

    fn error(&self) -> TokenStream {
        match self.producer {
            Some(producer) => self.two_places(producer),
            None => {
                let (start, end) = (Ident::new("start", self.place.start), Ident::new("end", self.place.end));
                syn::Error::new_spanned(quote!(#start #end), self.text()).to_compile_error()
            }
        }
    }

    fn two_places(&self, producer: Span) -> TokenStream {
        // The texts are format strings.
        let escape = |text: &str| text.replace('{', "{{").replace('}', "}}");
        let headline = escape(&self.headline);
        let label = escape(self.label.as_deref().unwrap_or_default());
        let helps = self.helps.iter().map(|help| format!("help: {help}"));
        let notes = self.notes.iter().cloned().chain(helps).map(|note| escape(&note));
        let callee = Ident::new("output_of_this_layer", producer);
        // A type of the language: one of ours would be pointed out, in a note that helps nobody.
        let argument = quote_spanned!(self.place.start=> ());
        // rustc underlines the bound too: a third place to point to.
        let bound = Ident::new("FitsTheLayerThatTakesIt", self.used.unwrap_or(self.place.start));
        quote_spanned! {self.place.start=>
            const _: () = {
                #[diagnostic::on_unimplemented(message = #headline, label = #label, #(note = #notes),*)]
                trait FitsTheLayerThatTakesIt {}
                #[diagnostic::do_not_recommend]
                impl FitsTheLayerThatTakesIt for ::core::convert::Infallible {}
                const fn #callee<T: #bound>(output: T) {
                    ::core::mem::forget(output)
                }
                #callee(#argument);
            };
        }
    }

    fn warning(&self) -> TokenStream {
        let text = self.text();
        let name = Ident::new("unused_let", self.place.start);
        quote_spanned! {self.place.start=>
            const _: () = {
                #[deprecated(note = #text)]
                #[allow(non_upper_case_globals, dead_code)]
                const #name: () = ();
                #name
            };
        }
    }
}

/// Collects the messages of one macro call. Dropping it unread is a bug, and panics.
#[derive(Debug, Default)]
pub struct Diagnostics {
    tokens: RefCell<TokenStream>,
    texts: RefCell<Vec<String>>,
    errors: Cell<usize>,
    read: Cell<bool>,
    /// The expansions that we are in: code that is written once and looked at several times.
    expansions: RefCell<Vec<Expansion>>,
    /// Places of messages in expansions, and the expansion that each was reported for.
    seen: RefCell<HashMap<String, usize>>,
    entered: Cell<usize>,
}

/// One use of code that is used several times.
#[derive(Debug)]
struct Expansion {
    /// Tells it from all others.
    id: usize,
    note: Option<String>,
    place: Span,
    /// Whether the code is another crate's: the compiler does not show it.
    foreign: bool,
}

impl Diagnostics {
    /// Until [`Diagnostics::leave`], what is reported comes from code that is used at `place`: it is said once, however
    /// often the code is used, with `note`. What is wrong in code of another crate is shown where that is used.
    pub fn enter(&self, note: Option<String>, place: Span, foreign: bool) {
        self.entered.set(self.entered.get() + 1);
        self.expansions.borrow_mut().push(Expansion { id: self.entered.get(), note, place, foreign });
    }

    /// The end of what [`Diagnostics::enter`] began.
    pub fn leave(&self) {
        self.expansions.borrow_mut().pop();
    }

    /// The message with the notes of the expansions that it comes from, unless another use of the code had it before.
    fn expanded(&self, mut message: Message, severity: &str) -> Option<Message> {
        let expansions = self.expansions.borrow();
        if let Some(innermost) = expansions.last() {
            let key = format!("{severity} {:?}", message.place.start);
            if *self.seen.borrow_mut().entry(key).or_insert(innermost.id) != innermost.id {
                return None;
            }
            message.used = Some(innermost.place);
        }
        if let Some(outermost) = expansions.iter().find(|expansion| expansion.foreign) {
            message.place = outermost.place.into();
            message.used = None;
            // Both places would be one.
            message.producer = None;
        }
        message.notes.extend(expansions.iter().rev().filter_map(|expansion| expansion.note.clone()));
        Some(message)
    }

    /// Adds an error.
    pub fn report(&self, message: Message) -> Reported {
        self.errors.set(self.errors.get() + 1);
        let Some(message) = self.expanded(message, "error") else { return Reported(()) };
        self.tokens.borrow_mut().extend(message.error());
        self.texts.borrow_mut().push(message.text());
        Reported(())
    }

    /// Adds a warning.
    pub fn warn(&self, message: Message) {
        let Some(message) = self.expanded(message, "warning") else { return };
        self.tokens.borrow_mut().extend(message.warning());
        self.texts.borrow_mut().push(format!("warning: {}", message.text()));
    }

    /// How many errors there are so far.
    pub fn errors(&self) -> usize {
        self.errors.get()
    }

    /// The proof that there was an error, if there was one.
    pub fn reported(&self) -> Option<Reported> {
        (self.errors() > 0).then_some(Reported(()))
    }

    /// The texts, for tests.
    #[cfg(test)]
    pub fn texts(&self) -> Vec<String> {
        self.read.set(true);
        self.texts.borrow().clone()
    }

    /// The items that make rustc print everything.
    pub fn finish(self) -> TokenStream {
        self.read.set(true);
        self.tokens.take()
    }

    /// Forgets everything: for attempts that are allowed to fail.
    pub fn discard(self) {
        self.read.set(true);
    }
}

impl Drop for Diagnostics {
    fn drop(&mut self) {
        if !self.read.get() && !std::thread::panicking() {
            panic!("the diagnostics were never read");
        }
    }
}

/// The name among `known` that `wrong` was probably meant to be.
pub fn closest<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Two slips in a short name make another name; what merely lacks its underscores is always the same one.
    let squeeze = |name: &str| name.to_lowercase().replace('_', "");
    let distance = |name: &str| match squeeze(name) == squeeze(wrong) {
        true => 0,
        false => edit_distance(&wrong.to_lowercase(), name),
    };
    let best = known.into_iter().map(|name| (distance(name), name)).min_by_key(|&(distance, _)| distance);
    best.filter(|&(distance, name)| distance <= (name.len().min(wrong.len()) / 3).max(1))
        .map(|(_, name)| name)
}

/// "did you mean `...`?", if there is something that could have been meant.
pub fn did_you_mean<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    closest(wrong, known).map(|name| format!("did you mean `{name}`?"))
}

/// Insertions, deletions, replacements and swaps of neighbours between `a` and `b`.
fn edit_distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut d = vec![vec![0; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            d[i][j] = if i == 0 || j == 0 {
                i + j
            } else {
                let replaced = d[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
                let swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
                let swapped = if swapped { d[i - 2][j - 2] + 1 } else { usize::MAX };
                replaced.min(swapped).min(d[i - 1][j] + 1).min(d[i][j - 1] + 1)
            };
        }
    }
    d[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_recognised() {
        let known = ["dense", "dropout", "flatten", "repeat_vector", "relu"];
        assert_eq!(closest("dens", known), Some("dense"));
        assert_eq!(closest("dnese", known), Some("dense"));
        assert_eq!(closest("RepeatVector", known), Some("repeat_vector"));
        assert_eq!(closest("Flatten", known), Some("flatten"));
        assert_eq!(closest("frobnicate", known), None);
    }

    #[test]
    #[should_panic(expected = "never read")]
    fn errors_cannot_be_forgotten() {
        Diagnostics::default().report(Message::new(Span::call_site(), "lost"));
    }
}
