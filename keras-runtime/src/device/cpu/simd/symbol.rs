//! A vector of one element that is not there: arithmetic on it gives the formula of what is computed.

use std::cell::RefCell;
use std::ops::{Add, Div, Mul, Neg, Range, Sub};

use super::{Kernel, Mask, Simd, sealed};

/// A number, or the outcome of a comparison, by its place among the instructions of the formula that is being written.
#[derive(Debug, Clone, Copy)]
pub struct Symbol(u32);

/// The outcome of a comparison.
#[derive(Debug, Clone, Copy)]
pub struct Truth(u32);

/// Functions of one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Unary {
    Neg,
    Abs,
    Sqrt,
    Floor,
    Ceil,
    Round,
    Exp2,
    Mantissa,
    Exponent,
    Exp,
    Expm1,
    Ln,
    Log1p,
    Sigmoid,
    Tanh,
    Erf,
    Sin,
    Cos,
    Tan,
    Asin,
    Acos,
    Atan,
    Sinh,
    Cosh,
    Asinh,
    Acosh,
    Atanh,
}

/// Functions of two numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Binary {
    Add,
    Sub,
    Mul,
    Div,
    /// The greater; the second where either is not a number.
    MaxOr,
    /// The lesser; the second where either is not a number.
    MinOr,
    Pow,
}

/// Comparisons, and what is made of their outcomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Relation {
    Gt,
    Ge,
    Eq,
    And,
    Or,
}

/// A step of a formula; operands are places of earlier ones.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Instruction {
    /// Operand `i`.
    Argument(u32),
    /// The word at an address, where an expression reads memory itself.
    Load(usize),
    /// A number.
    Constant(f32),
    /// A function of one number.
    Unary(Unary, u32),
    /// A function of two.
    Binary(Binary, u32, u32),
    /// `a * b + c`, rounded once.
    MulAdd(u32, u32, u32),
    /// A truth.
    Relation(Relation, u32, u32),
    /// The opposite of a truth.
    Not(u32),
    /// The second where the first holds, else the third.
    Select(u32, u32, u32),
    /// 1 where it holds, else 0.
    Number(u32),
}

/// Instructions, and the places of the results among them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Formula {
    /// In order.
    pub body: Vec<Instruction>,
    /// One for each result.
    pub results: Vec<u32>,
}

/// What the elements of a row become together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fold {
    /// Their sum.
    Sum,
    /// The greatest.
    Max,
    /// The least.
    Min,
}

/// What a loss's formula of rows is given, by number of its arguments; that of an optimizer is given the words of an element in the
/// place of those before the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Given {
    /// The target of an element.
    Target,
    /// Its prediction.
    Prediction,
    /// Its number within the row.
    Index,
    /// The number of elements.
    Len,
    /// The target of the row.
    Label,
    /// The prediction that it names.
    Named,
    /// What the first pass has folded; those of others follow.
    Folded,
}

/// A pass over the elements of a row.
#[derive(Debug, Clone, PartialEq)]
pub struct RowPass {
    /// The instructions that are done for each.
    pub body: Range<usize>,
    /// How the elements are folded, and the place of what is.
    pub fold: Option<(Fold, u32)>,
    /// Which of its words each gets, and the place of what: of a loss, its slope.
    pub stores: Vec<(u32, u32)>,
}

/// Instructions for a row: those of its passes are done for each element, all others once.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RowFormula {
    /// In order.
    pub body: Vec<Instruction>,
    /// In order, apart from each other.
    pub passes: Vec<RowPass>,
    /// The places of what the row comes to.
    pub results: Vec<u32>,
}

/// A formula of rows that is being written.
#[derive(Debug, Default)]
pub(crate) struct RowTape(Vec<RowPass>);

impl RowTape {
    /// What `row` does.
    pub fn formula<const N: usize>(row: impl FnOnce(&mut RowTape) -> [Symbol; N]) -> RowFormula {
        let before = TAPE.take();
        let mut passes = RowTape::default();
        let results = row(&mut passes).map(|Symbol(at)| at).to_vec();
        RowFormula { body: TAPE.replace(before).body, passes: passes.0, results }
    }

    /// An argument.
    pub fn given(what: Given) -> Symbol {
        Self::word(what as u32)
    }

    /// Word `i` of an element.
    pub fn word(i: u32) -> Symbol {
        Symbol(push(Instruction::Argument(i)))
    }

    /// A pass: what its elements are folded to. `element` gives what is folded, and what words of it become.
    pub fn pass(&mut self, element: impl FnOnce() -> (Option<(Fold, Symbol)>, Vec<(u32, Symbol)>)) -> Symbol {
        let start = TAPE.with_borrow(|tape| tape.body.len());
        let (fold, stores) = element();
        let body = start..TAPE.with_borrow(|tape| tape.body.len());
        let fold = fold.map(|(fold, Symbol(at))| (fold, at));
        let stores = stores.into_iter().map(|(word, Symbol(at))| (word, at)).collect();
        self.0.push(RowPass { body, fold, stores });
        Symbol(push(Instruction::Argument(Given::Folded as u32 + self.0.len() as u32 - 1)))
    }
}

/// What is written down of an expression that reads and writes memory itself.
#[derive(Debug, Clone, Default)]
pub struct Tape {
    body: Vec<Instruction>,
    /// Addresses, and what was written there.
    stores: Vec<(usize, u32)>,
    /// Whether a number was asked for, which symbols are not.
    escaped: bool,
}

thread_local! {
    static TAPE: RefCell<Tape> = RefCell::default();
}

/// Runs `kernel` on symbols.
pub(crate) fn run<K: Kernel>(kernel: K) -> K::Output {
    kernel.run::<Symbol>()
}

fn push(instruction: Instruction) -> u32 {
    TAPE.with_borrow_mut(|tape| {
        tape.body.push(instruction);
        (tape.body.len() - 1) as u32
    })
}

/// The formula of `eval`.
pub fn formula<const L: usize, const S: usize>(eval: impl Fn([Symbol; L]) -> [Symbol; S]) -> Formula {
    // What does not depend on the formula is in functions of their own: every kernel of every model has one of this.
    let mut arguments = [Symbol(0); L];
    let before = begin(&mut arguments);
    end(before, &eval(arguments))
}

fn begin(arguments: &mut [Symbol]) -> Tape {
    let before = TAPE.take();
    for (i, argument) in arguments.iter_mut().enumerate() {
        *argument = Symbol(push(Instruction::Argument(i as u32)));
    }
    before
}

fn end(before: Tape, results: &[Symbol]) -> Formula {
    let tape = TAPE.replace(before);
    Formula { body: tape.body, results: results.iter().map(|Symbol(at)| *at).collect() }
}

/// The formula of `work`, which reads and writes the words at `addresses`: results are what it leaves in each of them,
/// where it wrote. `None` if it cannot be told, because `work` looked at numbers.
pub fn trace(addresses: &[usize], work: impl FnOnce()) -> Option<(Formula, Vec<Option<u32>>)> {
    let before = TAPE.take();
    work();
    let mut tape = TAPE.replace(before);
    for instruction in &mut tape.body {
        if let Instruction::Load(address) = *instruction {
            let i = addresses.iter().position(|known| *known == address)?;
            *instruction = Instruction::Argument(i as u32);
        }
    }
    if tape.escaped || tape.stores.iter().any(|(address, _)| !addresses.contains(address)) {
        return None;
    }
    let last = |address| tape.stores.iter().rev().find(|(to, _)| to == address).map(|(_, from)| *from);
    let results: Vec<Option<u32>> = addresses.iter().map(last).collect();
    Some((Formula { body: tape.body, results: results.iter().flatten().copied().collect() }, results))
}

impl Symbol {
    fn unary(self, f: Unary) -> Self {
        Symbol(push(Instruction::Unary(f, self.0)))
    }

    fn binary(self, f: Binary, other: Self) -> Self {
        Symbol(push(Instruction::Binary(f, self.0, other.0)))
    }

    fn relation(self, f: Relation, other: Self) -> Truth {
        Truth(push(Instruction::Relation(f, self.0, other.0)))
    }

    /// What is done to it is not arithmetic.
    fn escape() {
        TAPE.with_borrow_mut(|tape| tape.escaped = true);
    }
}

impl Mask<Symbol> for Truth {
    fn and(self, other: Self) -> Self {
        Truth(push(Instruction::Relation(Relation::And, self.0, other.0)))
    }
    fn or(self, other: Self) -> Self {
        Truth(push(Instruction::Relation(Relation::Or, self.0, other.0)))
    }
    fn not(self) -> Self {
        Truth(push(Instruction::Not(self.0)))
    }
    fn select(self, a: Symbol, b: Symbol) -> Symbol {
        Symbol(push(Instruction::Select(self.0, a.0, b.0)))
    }
    fn to_f32(self) -> Symbol {
        Symbol(push(Instruction::Number(self.0)))
    }
}

macro_rules! operators {
    ($($name:ident $method:ident;)*) => {$(
        impl $name for Symbol {
            type Output = Self;
            fn $method(self, other: Self) -> Self {
                self.binary(Binary::$name, other)
            }
        }
    )*};
}
operators! { Add add; Sub sub; Mul mul; Div div; }

impl Neg for Symbol {
    type Output = Self;
    fn neg(self) -> Self {
        self.unary(Unary::Neg)
    }
}

macro_rules! functions {
    ($($method:ident $name:ident),* $(,)?) => {$(
        fn $method(self) -> Self {
            self.unary(Unary::$name)
        }
    )*};
}

impl sealed::Sealed for Symbol {}

impl Simd for Symbol {
    type Mask = Truth;
    const LANES: usize = 1;
    const REGISTERS: usize = 16;

    fn splat(x: f32) -> Self {
        Symbol(push(Instruction::Constant(x)))
    }
    unsafe fn load(from: *const f32) -> Self {
        Symbol(push(Instruction::Load(from.addr())))
    }
    unsafe fn store(self, to: *mut f32) {
        TAPE.with_borrow_mut(|tape| tape.stores.push((to.addr(), self.0)));
    }
    unsafe fn load_partial(_: *const f32, _: usize) -> Self {
        Self::escape();
        Symbol::splat(0.0)
    }
    unsafe fn store_partial(self, _: *mut f32, _: usize) {
        Self::escape();
    }
    fn mul_add(self, a: Self, b: Self) -> Self {
        Symbol(push(Instruction::MulAdd(self.0, a.0, b.0)))
    }
    fn max_or(self, other: Self) -> Self {
        self.binary(Binary::MaxOr, other)
    }
    fn min_or(self, other: Self) -> Self {
        self.binary(Binary::MinOr, other)
    }
    fn frexp(self) -> (Self, Self) {
        (self.unary(Unary::Mantissa), self.unary(Unary::Exponent))
    }
    fn gt(self, other: Self) -> Truth {
        self.relation(Relation::Gt, other)
    }
    fn ge(self, other: Self) -> Truth {
        self.relation(Relation::Ge, other)
    }
    fn eq(self, other: Self) -> Truth {
        self.relation(Relation::Eq, other)
    }
    fn map(self, _: impl Fn(f32) -> f32) -> Self {
        Self::escape();
        self
    }
    fn fold(self, _: impl Fn(f32, f32) -> f32) -> f32 {
        Self::escape();
        0.0
    }
    fn powf(self, other: Self) -> Self {
        self.binary(Binary::Pow, other)
    }
    functions! {
        abs Abs, sqrt Sqrt, floor Floor, ceil Ceil, round Round, exp2_integer Exp2, exp Exp, expm1 Expm1, ln Ln,
        log1p Log1p, sigmoid Sigmoid, tanh Tanh, erf Erf, sin Sin, cos Cos, tan Tan, asin Asin, acos Acos, atan Atan,
        sinh Sinh, cosh Cosh, asinh Asinh, acosh Acosh, atanh Atanh,
    }
}
