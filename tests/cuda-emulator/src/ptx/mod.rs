//! PTX as text: words, then a syntax tree. Nothing here knows what an instruction does.

mod lex;
mod parse;
mod types;

pub use parse::parse;
pub use types::Type;

/// A module as it stands in the text.
#[derive(Debug, Default)]
pub struct Module {
    /// Variables outside functions: global, constant, or shared by all kernels.
    pub variables: Vec<Variable>,
    /// Kernels and device functions.
    pub functions: Vec<Function>,
    /// The architecture that it was compiled for: 80 is `sm_80`.
    pub target: u32,
    /// The language's version, before its point.
    pub version: i32,
    /// The text, line by line, for messages.
    pub lines: Vec<String>,
}

/// A kernel (`.entry`) or a device function (`.func`).
#[derive(Debug, Default)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// Whether it is a kernel.
    pub entry: bool,
    /// What a device function returns.
    pub returns: Vec<Parameter>,
    /// What it takes.
    pub parameters: Vec<Parameter>,
    /// Its statements; `None` for a declaration.
    pub body: Option<Vec<Statement>>,
    /// The largest number of threads in a block (`.maxntid`, `.reqntid`).
    pub max_threads: Option<u32>,
}

/// A parameter, or a returned value.
#[derive(Debug, Clone)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Its size in bytes.
    pub size: usize,
    /// Its alignment in bytes.
    pub align: usize,
    /// Whether it is a register (`.reg`) of a device function rather than memory.
    pub register: Option<Type>,
}

/// A state space.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Space {
    /// Any of the following, told by the address.
    Generic,
    /// Device memory.
    Global,
    /// Memory of a block.
    Shared,
    /// Memory of a thread.
    Local,
    /// Parameters of a kernel, or of a call.
    Param,
    /// Constant memory.
    Const,
}

/// A variable in memory.
#[derive(Debug, Clone)]
pub struct Variable {
    /// Where it lies.
    pub space: Space,
    /// Its name.
    pub name: String,
    /// Its size in bytes; `None` for `extern` shared memory, whose size the launch gives.
    pub size: Option<usize>,
    /// Its alignment in bytes.
    pub align: usize,
    /// What it holds at first.
    pub initial: Vec<u8>,
}

/// A statement of a function.
#[derive(Debug)]
pub enum Statement {
    /// `.reg .type name` or `.reg .type name<count>`.
    Registers(Type, Vec<(String, Option<u32>)>),
    /// `.shared`, `.local` or `.param` memory.
    Variable(Variable),
    /// `name:`.
    Label(String),
    /// `name: .branchtargets a, b;`.
    Targets(String, Vec<String>),
    /// An instruction.
    Instruction(Instruction),
    /// `{ ... }`: names declared within are known only there.
    Scope(Vec<Statement>),
}

/// An instruction.
#[derive(Debug, Clone)]
pub struct Instruction {
    /// The predicate that it is executed under, and whether that is negated.
    pub guard: Option<(String, bool)>,
    /// What stands before the first point: `ld`, `add`.
    pub opcode: String,
    /// What stands after it.
    pub modifiers: Vec<String>,
    /// Its operands.
    pub operands: Vec<Operand>,
    /// The line in the text, counted from one.
    pub line: u32,
}

impl Instruction {
    /// Whether a modifier is there.
    pub fn has(&self, modifier: &str) -> bool {
        self.modifiers.iter().any(|m| m == modifier)
    }

    /// The types among its modifiers, in order.
    pub fn types(&self) -> impl Iterator<Item = Type> + '_ {
        self.modifiers.iter().filter_map(|m| Type::parse(m))
    }
}

/// An operand.
#[derive(Debug, Clone)]
pub enum Operand {
    /// A register, special register, variable or label.
    Name(String),
    /// A whole number, or the bits of a float that is written in hexadecimal.
    Integer(u64),
    /// A float that is written in decimal.
    Float(f64),
    /// `[base + offset]`.
    Address(Box<Operand>, i64),
    /// `base + offset` outside brackets: the address of a variable.
    Offset(Box<Operand>, i64),
    /// `{a, b}`.
    Vector(Vec<Operand>),
    /// `a|b`.
    Pair(Box<Operand>, Box<Operand>),
    /// `!p`.
    Not(Box<Operand>),
    /// `(a, b)`: what a call takes or returns.
    List(Vec<Operand>),
    /// `_`.
    Sink,
}
