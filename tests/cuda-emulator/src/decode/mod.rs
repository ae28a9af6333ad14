//! The syntax tree of a kernel to a program.
//!
//! Names become rows, labels become numbers of instructions, and calls of device functions are expanded in place, so that the
//! executor knows neither frames nor stacks.

mod call;
mod control;
mod float;
mod integer;
mod memory;
mod names;
mod operand;
mod warp;

pub(crate) use integer::{LOCAL_WINDOW, PARAM_WINDOW, SHARED_WINDOW};

use std::collections::HashMap;
use std::sync::Arc;

use crate::program::{Guard, Ins, Kernel, NONE, Op, Row, Special};
use crate::ptx::{Function, Instruction, Module, Space, Statement};
use names::{Name, Scope};

type Result<T> = std::result::Result<T, String>;

/// Decodes a kernel. `globals` says where the module's variables lie in device memory.
pub fn decode(
    module: &Module,
    kernel: &Function,
    globals: &HashMap<String, u64>,
    lines: &Arc<Vec<String>>,
) -> Result<Kernel> {
    let mut decoder = Decoder::new(module, kernel, globals);
    decoder.kernel.lines = lines.clone();
    decoder.parameters(kernel);
    decoder.shared_of_module();
    let body = kernel.body.as_ref().ok_or_else(|| format!("kernel {} has no body", kernel.name))?;
    decoder.end = decoder.new_label();
    decoder.size_of_shared(body);
    decoder.dynamic_shared();
    decoder.scope(body)?;
    decoder.place(decoder.end);
    decoder.push(Ins { op: Op::Exit, guard: ALWAYS, d: NONE, a: NONE, b: NONE, c: NONE, line: 0 });
    decoder.finish()
}

const ALWAYS: Guard = Guard { predicate: NONE, negated: false };

struct Decoder<'a> {
    module: &'a Module,
    globals: &'a HashMap<String, u64>,
    kernel: Kernel,
    scopes: Vec<Scope>,
    narrow_constants: HashMap<u32, Row>,
    wide_constants: HashMap<u64, Row>,
    specials: HashMap<Special, Row>,
    /// Where each label stands.
    labels: Vec<Option<usize>>,
    /// The label behind the function that is being decoded: where `ret` goes to.
    end: usize,
    /// Functions that are being expanded, to find recursion.
    expanding: Vec<String>,
    /// The instruction that is being decoded.
    line: u32,
    guard: Guard,
}

impl<'a> Decoder<'a> {
    fn new(module: &'a Module, kernel: &Function, globals: &'a HashMap<String, u64>) -> Self {
        Decoder {
            module,
            globals,
            kernel: Kernel {
                name: kernel.name.clone(),
                max_threads: kernel.max_threads,
                shared_grain: 4,
                ..Kernel::default()
            },
            scopes: vec![Scope::default()],
            narrow_constants: HashMap::new(),
            wide_constants: HashMap::new(),
            specials: HashMap::new(),
            labels: vec![],
            end: 0,
            expanding: vec![],
            line: 0,
            guard: ALWAYS,
        }
    }

    /// Parameters lie one after another, each aligned.
    fn parameters(&mut self, kernel: &Function) {
        let mut end = 0usize;
        for parameter in &kernel.parameters {
            let offset = end.next_multiple_of(parameter.align);
            end = offset + parameter.size;
            self.kernel.parameters.push((offset, parameter.size));
            self.declare(&parameter.name, Name::Memory(Space::Param, offset as u64));
        }
        self.kernel.parameter_bytes = end;
    }

    /// Shared variables of the module that have a size.
    fn shared_of_module(&mut self) {
        for variable in &self.module.variables {
            match (variable.space, variable.size) {
                (Space::Shared, Some(size)) => {
                    let offset = self.reserve_shared(size, variable.align);
                    self.declare(&variable.name, Name::Memory(Space::Shared, offset));
                }
                (Space::Global | Space::Const, _) => {
                    if let Some(address) = self.globals.get(&variable.name) {
                        self.declare(&variable.name, Name::Memory(Space::Global, *address));
                    }
                }
                _ => {}
            }
        }
    }

    /// Shared variables of a body and its scopes: declared before anything else, since what has no size lies behind all of them.
    fn size_of_shared(&mut self, body: &[Statement]) {
        for statement in body {
            match statement {
                Statement::Variable(v) if v.space == Space::Shared => {
                    let offset = self.reserve_shared(v.size.unwrap_or(0), v.align);
                    self.declare(&v.name, Name::Memory(Space::Shared, offset));
                }
                Statement::Scope(inner) => self.size_of_shared(inner),
                _ => {}
            }
        }
    }

    /// Shared variables without a size all begin behind the others.
    fn dynamic_shared(&mut self) {
        // Device functions bring shared variables of their own.
        for function in self.module.functions.iter().filter(|f| !f.entry) {
            self.size_of_shared(function.body.as_deref().unwrap_or_default());
        }
        self.kernel.shared = self.kernel.shared.next_multiple_of(16);
        for variable in self.module.variables.iter().filter(|v| v.space == Space::Shared && v.size.is_none())
        {
            self.declare(&variable.name, Name::Memory(Space::Shared, self.kernel.shared as u64));
        }
    }

    fn reserve_shared(&mut self, size: usize, align: usize) -> u64 {
        let offset = self.kernel.shared.next_multiple_of(align.max(1));
        self.kernel.shared = offset + size;
        offset as u64
    }

    fn reserve_local(&mut self, size: usize, align: usize) -> u64 {
        let offset = self.kernel.local.next_multiple_of(align.max(1));
        self.kernel.local = offset + size;
        offset as u64
    }

    /// Decodes statements with names of their own.
    fn scope(&mut self, body: &[Statement]) -> Result<()> {
        self.scopes.push(Scope::default());
        for statement in body {
            if let Statement::Label(name) = statement {
                let label = self.new_label();
                self.declare(name, Name::Label(label));
            }
        }
        for statement in body {
            if let Statement::Targets(name, targets) = statement {
                let labels = targets.iter().map(|t| self.label(t)).collect::<Result<Vec<_>>>()?;
                self.declare(name, Name::Targets(labels));
            }
        }
        for statement in body {
            self.statement(statement)?;
        }
        self.scopes.pop();
        Ok(())
    }

    fn statement(&mut self, statement: &Statement) -> Result<()> {
        match statement {
            Statement::Registers(ty, names) => self.declare_registers(*ty, names),
            Statement::Variable(variable) => match variable.space {
                Space::Local | Space::Param => {
                    let offset = self.reserve_local(variable.size.unwrap_or(0), variable.align);
                    self.declare(&variable.name, Name::Memory(Space::Local, offset));
                    Ok(())
                }
                Space::Shared => Ok(()),
                _ => Err(format!("a variable in device memory within a function: {}", variable.name)),
            },
            Statement::Label(name) => {
                let label = self.label(name)?;
                self.place(label);
                Ok(())
            }
            Statement::Targets(..) => Ok(()),
            Statement::Scope(inner) => self.scope(inner),
            Statement::Instruction(instruction) => self.instruction(instruction).map_err(|error| {
                let text = self.kernel.lines.get(instruction.line as usize - 1).map_or("", |l| l.trim());
                format!("kernel {}, PTX line {}: {text}: {error}", self.kernel.name, instruction.line)
            }),
        }
    }

    fn instruction(&mut self, i: &Instruction) -> Result<()> {
        self.line = i.line;
        self.guard = match &i.guard {
            None => ALWAYS,
            Some((name, negated)) => Guard { predicate: self.predicate_name(name)?, negated: *negated },
        };
        match i.opcode.as_str() {
            "mov" | "cvta" | "selp" | "set" | "setp" | "slct" | "isspacep" => self.data(i),
            "cvt" => self.convert(i),
            "add" | "sub" | "mul" | "fma" | "mad" | "div" | "min" | "max" | "neg" | "abs"
                if i.types().next().is_some_and(|t| t.is_float()) =>
            {
                self.float(i)
            }
            "rcp" | "sqrt" | "rsqrt" | "sin" | "cos" | "lg2" | "ex2" | "tanh" | "copysign" | "testp" => {
                self.float(i)
            }
            "ld" | "ldu" | "st" | "atom" | "red" | "prefetch" | "prefetchu" | "discard" | "applypriority"
            | "createpolicy" => self.memory(i),
            "cp" => self.copy_async(i),
            "bra" | "brx" | "ret" | "exit" | "bar" | "barrier" | "membar" | "fence" | "trap"
            | "nanosleep" | "griddepcontrol" | "setmaxnreg" => self.control(i),
            "call" => self.call(i),
            "shfl" | "vote" | "match" | "redux" | "activemask" | "elect" | "mma" | "ldmatrix"
            | "stmatrix" => self.warp(i),
            _ => self.integer(i),
        }
    }

    fn new_label(&mut self) -> usize {
        self.labels.push(None);
        self.labels.len() - 1
    }

    fn place(&mut self, label: usize) {
        self.labels[label] = Some(self.kernel.code.len());
    }

    fn push(&mut self, ins: Ins) {
        self.kernel.code.push(ins);
    }

    /// Adds an instruction under the guard and line of the one that is being decoded.
    fn emit(&mut self, op: Op, d: Row, sources: [Row; 3]) {
        let [a, b, c] = sources;
        let (guard, line) = (self.guard, self.line);
        self.push(Ins { op, guard, d, a, b, c, line });
    }

    fn finish(mut self) -> Result<Kernel> {
        let labels = &self.labels;
        let place = |label: usize| labels[label].ok_or_else(|| "a label that is nowhere".to_owned());
        for ins in &mut self.kernel.code {
            match &mut ins.op {
                Op::Branch(target) => *target = place(*target)?,
                Op::BranchIndexed(targets) => {
                    for target in targets.iter_mut() {
                        *target = place(*target)?;
                    }
                }
                _ => {}
            }
        }
        Ok(self.kernel)
    }
}
