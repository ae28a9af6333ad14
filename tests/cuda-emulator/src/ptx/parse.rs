//! Words to a syntax tree.

use super::lex::{Token, tokens};
use super::{Function, Instruction, Module, Operand, Parameter, Space, Statement, Type, Variable};

type Result<T> = std::result::Result<T, String>;

/// Reads a module.
pub fn parse(source: &str) -> Result<Module> {
    let mut parser = Parser { tokens: tokens(source), at: 0 };
    let mut module = Module { lines: source.lines().map(str::to_owned).collect(), ..Module::default() };
    while parser.peek().is_some() {
        parser.item(&mut module)?;
    }
    Ok(module)
}

struct Parser<'a> {
    tokens: Vec<Token<'a>>,
    at: usize,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<&'a str> {
        self.tokens.get(self.at).map(|t| t.text)
    }

    fn line(&self) -> u32 {
        self.tokens.get(self.at.min(self.tokens.len().saturating_sub(1))).map_or(0, |t| t.line)
    }

    fn error<T>(&self, what: &str) -> Result<T> {
        let found = self.peek().unwrap_or("the end of the text");
        Err(format!("PTX line {}: {what}, found `{found}`", self.line()))
    }

    fn next(&mut self) -> Result<&'a str> {
        match self.peek() {
            Some(text) => {
                self.at += 1;
                Ok(text)
            }
            None => self.error("expected more"),
        }
    }

    fn take(&mut self, text: &str) -> bool {
        let found = self.peek() == Some(text);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, text: &str) -> Result<()> {
        if self.take(text) { Ok(()) } else { self.error(&format!("expected `{text}`")) }
    }

    fn skip_line(&mut self) {
        let line = self.line();
        while self.at < self.tokens.len() && self.tokens[self.at].line == line {
            self.at += 1;
        }
    }

    fn skip_until(&mut self, end: &str) -> Result<()> {
        while self.next()? != end {}
        Ok(())
    }

    /// Something outside functions.
    fn item(&mut self, module: &mut Module) -> Result<()> {
        match self.peek().unwrap_or_default() {
            ".target" => {
                let name = self.tokens.get(self.at + 1).map_or("", |t| t.text);
                let digits =
                    name.trim_start_matches("sm_").trim_end_matches(|c: char| c.is_ascii_alphabetic());
                module.target = digits.parse().unwrap_or(0);
                self.skip_line();
            }
            ".version" => {
                let version = self.tokens.get(self.at + 1).map_or("", |t| t.text);
                module.version = version.split('.').next().and_then(|major| major.parse().ok()).unwrap_or(0);
                self.skip_line();
            }
            ".address_size" | ".file" | ".loc" => self.skip_line(),
            ".pragma" | ".alias" => self.skip_until(";")?,
            ".section" => {
                self.skip_until("{")?;
                self.skip_until("}")?;
            }
            ".visible" | ".extern" | ".weak" | ".common" => self.at += 1,
            ".entry" | ".func" => {
                let function = self.function()?;
                // A declaration may stand before or after the definition.
                if function.body.is_some() || !module.functions.iter().any(|f| f.name == function.name) {
                    module.functions.retain(|f| f.name != function.name);
                    module.functions.push(function);
                }
            }
            ".global" | ".const" | ".shared" => {
                let variable = self.variable()?;
                module.variables.push(variable);
            }
            _ => return self.error("expected a function or a variable"),
        }
        Ok(())
    }

    fn function(&mut self) -> Result<Function> {
        let mut function = Function { entry: self.next()? == ".entry", ..Function::default() };
        if self.peek() == Some("(") {
            function.returns = self.parameters()?;
        }
        function.name = self.next()?.to_owned();
        if self.peek() == Some("(") {
            function.parameters = self.parameters()?;
        }
        loop {
            match self.peek() {
                Some("{") => {
                    self.at += 1;
                    function.body = Some(self.statements()?);
                    return Ok(function);
                }
                Some(";") => {
                    self.at += 1;
                    return Ok(function);
                }
                Some(".maxntid" | ".reqntid") => {
                    self.at += 1;
                    let mut threads = self.number()? as u32;
                    while self.take(",") {
                        threads *= self.number()? as u32;
                    }
                    function.max_threads = Some(threads);
                }
                Some(".pragma") => self.skip_until(";")?,
                // .minnctapersm, .noreturn and their like do not change what a function does.
                Some(_) => self.at += 1,
                None => return self.error("expected a body"),
            }
        }
    }

    fn parameters(&mut self) -> Result<Vec<Parameter>> {
        self.expect("(")?;
        let mut out = vec![];
        while !self.take(")") {
            let register = self.next()? == ".reg";
            let (mut ty, mut align, mut name) = (Type::U8, None, "");
            while !matches!(self.peek(), Some("," | ")" | "[") | None) {
                match self.next()? {
                    ".align" => {
                        let bytes = self.number()? as usize;
                        // After `.ptr` it is the alignment of what the pointer points to.
                        align = align.or(Some(bytes));
                    }
                    ".ptr" => align = align.or(Some(ty.bytes())),
                    word => match word.strip_prefix('.') {
                        Some(word) => ty = Type::parse(word).unwrap_or(ty),
                        None => name = word,
                    },
                }
            }
            let count = if self.take("[") {
                let count = self.number()? as usize;
                self.expect("]")?;
                count
            } else {
                1
            };
            self.take(",");
            out.push(Parameter {
                name: name.to_owned(),
                size: count * ty.bytes(),
                align: align.unwrap_or(ty.bytes()),
                register: register.then_some(ty),
            });
        }
        Ok(out)
    }

    fn variable(&mut self) -> Result<Variable> {
        let space = match self.next()? {
            ".global" => Space::Global,
            ".const" => Space::Const,
            ".shared" => Space::Shared,
            ".local" => Space::Local,
            _ => Space::Param,
        };
        let (mut ty, mut align, mut name) = (Type::U8, None, "");
        while !matches!(self.peek(), Some("[" | "=" | ";" | ",") | None) {
            match self.next()? {
                ".align" => align = Some(self.number()? as usize),
                word => match word.strip_prefix('.') {
                    Some(word) => ty = Type::parse(word).unwrap_or(ty),
                    None => name = word,
                },
            }
        }
        let mut count = Some(1);
        while self.take("[") {
            count = if self.peek() == Some("]") {
                None
            } else {
                Some(count.unwrap_or(1) * self.number()? as usize)
            };
            self.expect("]")?;
        }
        let mut initial = vec![];
        if self.take("=") {
            self.initial(ty, &mut initial)?;
        }
        self.expect(";")?;
        if count.is_none() && !initial.is_empty() {
            count = Some(initial.len() / ty.bytes());
        }
        let size = count.map(|count| count * ty.bytes());
        Ok(Variable { space, name: name.to_owned(), size, align: align.unwrap_or(ty.bytes()), initial })
    }

    fn initial(&mut self, ty: Type, out: &mut Vec<u8>) -> Result<()> {
        if self.take("{") {
            while !self.take("}") {
                self.initial(ty, out)?;
                self.take(",");
            }
            return Ok(());
        }
        let value = match self.operand()? {
            Operand::Integer(value) => value,
            Operand::Float(value) if ty.bits() == 64 => value.to_bits(),
            Operand::Float(value) => u64::from((value as f32).to_bits()),
            _ => return self.error("expected a number: addresses as initial values are not supported"),
        };
        out.extend_from_slice(&value.to_le_bytes()[..ty.bytes()]);
        Ok(())
    }

    fn number(&mut self) -> Result<u64> {
        let word = self.next()?;
        match literal(word) {
            Some(Operand::Integer(value)) => Ok(value),
            _ => {
                self.at -= 1;
                self.error("expected a whole number")
            }
        }
    }

    /// Statements up to the closing brace.
    fn statements(&mut self) -> Result<Vec<Statement>> {
        let mut out = vec![];
        loop {
            match self.peek() {
                Some("}") => {
                    self.at += 1;
                    return Ok(out);
                }
                Some("{") => {
                    self.at += 1;
                    out.push(Statement::Scope(self.statements()?));
                }
                Some(".reg") => out.push(self.registers()?),
                Some(".shared" | ".local" | ".param" | ".global" | ".const") => {
                    out.push(Statement::Variable(self.variable()?));
                }
                Some(".loc" | ".file") => self.skip_line(),
                Some(".pragma" | ".callprototype") => self.skip_until(";")?,
                Some(";") => self.at += 1,
                Some(word) if self.tokens.get(self.at + 1).is_some_and(|t| t.text == ":") => {
                    self.at += 2;
                    out.push(self.labelled(word)?);
                }
                Some(_) => out.push(Statement::Instruction(self.instruction()?)),
                None => return self.error("expected `}`"),
            }
        }
    }

    /// What stands after `name:`.
    fn labelled(&mut self, name: &str) -> Result<Statement> {
        if !self.take(".branchtargets") {
            return Ok(Statement::Label(name.to_owned()));
        }
        let mut targets = vec![];
        while !self.take(";") {
            let target = self.next()?;
            if target != "," {
                targets.push(target.to_owned());
            }
        }
        Ok(Statement::Targets(name.to_owned(), targets))
    }

    fn registers(&mut self) -> Result<Statement> {
        self.expect(".reg")?;
        let word = self.next()?;
        let Some(ty) = word.strip_prefix('.').and_then(Type::parse) else {
            return self.error(&format!("registers of type {word} are not supported"));
        };
        let mut names = vec![];
        loop {
            let name = self.next()?.to_owned();
            let mut count = None;
            if self.take("<") {
                count = Some(self.number()? as u32);
                self.expect(">")?;
            }
            names.push((name, count));
            if !self.take(",") {
                self.expect(";")?;
                return Ok(Statement::Registers(ty, names));
            }
        }
    }

    fn instruction(&mut self) -> Result<Instruction> {
        let line = self.line();
        let mut guard = None;
        if self.take("@") {
            let negated = self.take("!");
            guard = Some((self.next()?.to_owned(), negated));
        }
        let mut words = self.next()?.split('.').map(str::to_owned);
        let opcode = words.next().unwrap_or_default();
        let modifiers = words.collect();
        let mut operands = vec![];
        while !self.take(";") {
            operands.push(self.operand()?);
            if !self.take(",") && self.peek() != Some(";") {
                return self.error("expected `,` or `;`");
            }
        }
        Ok(Instruction { guard, opcode, modifiers, operands, line })
    }

    fn operand(&mut self) -> Result<Operand> {
        let mut operand = match self.next()? {
            "{" => return Ok(Operand::Vector(self.list("}")?)),
            "(" => return Ok(Operand::List(self.list(")")?)),
            "!" => return Ok(Operand::Not(Box::new(self.operand()?))),
            "_" => Operand::Sink,
            "-" => match self.operand()? {
                Operand::Integer(value) => Operand::Integer(value.wrapping_neg()),
                Operand::Float(value) => Operand::Float(-value),
                _ => return self.error("expected a number after `-`"),
            },
            "[" => {
                let base = self.operand()?;
                self.expect("]")?;
                return Ok(match base {
                    Operand::Offset(base, offset) => Operand::Address(base, offset),
                    base => Operand::Address(Box::new(base), 0),
                });
            }
            word => literal(word).unwrap_or_else(|| Operand::Name(word.to_owned())),
        };
        if self.take("|") {
            operand = Operand::Pair(Box::new(operand), Box::new(self.operand()?));
        }
        // `a+-4` is how compilers write a negative offset.
        let mut sign = if self.take("+") {
            1
        } else if matches!(operand, Operand::Name(_)) && self.take("-") {
            -1
        } else {
            return Ok(operand);
        };
        if self.take("-") {
            sign = -sign;
        }
        let offset = self.number()? as i64 * sign;
        Ok(match operand {
            Operand::Integer(value) => Operand::Integer(value.wrapping_add(offset as u64)),
            operand => Operand::Offset(Box::new(operand), offset),
        })
    }

    fn list(&mut self, end: &str) -> Result<Vec<Operand>> {
        let mut out = vec![];
        while !self.take(end) {
            out.push(self.operand()?);
            self.take(",");
        }
        Ok(out)
    }
}

/// A number: decimal, hexadecimal (`0x`), octal (`0`), binary (`0b`), or the bits of a float (`0f`, `0d`).
fn literal(word: &str) -> Option<Operand> {
    if !word.as_bytes().first()?.is_ascii_digit() {
        return None;
    }
    let (digits, radix) = match word.get(..2) {
        Some("0f" | "0F" | "0d" | "0D") => {
            return u64::from_str_radix(&word[2..], 16).ok().map(Operand::Integer);
        }
        Some("0x" | "0X") => (&word[2..], 16),
        Some("0b" | "0B") => (&word[2..], 2),
        _ => (word, 10),
    };
    let whole = u64::from_str_radix(digits.trim_end_matches('U'), radix).ok().map(Operand::Integer);
    whole.or_else(|| word.parse().ok().map(Operand::Float))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_is_read() {
        let text = ".version 8.0\n.target sm_80\n.address_size 64\n.const .align 4 .f32 w[2] = {0f3F800000, 2.0};\n\
            .visible .entry k(.param .u64 .ptr .global .align 16 a, .param .align 4 .b8 s[12])\n.maxntid 32, 2, 1\n{\n\
            .reg .b32 %r<3>;\n L: @!%p1 ld.v2.f32 {%f1, _}, [%rd1+-8];\n { .reg .pred q; }\n call (r), f, (a, 1);\n }";
        let module = parse(text).unwrap();
        assert_eq!(module.variables[0].initial, [1f32.to_le_bytes(), 2f32.to_le_bytes()].concat());
        let kernel = &module.functions[0];
        assert_eq!((kernel.name.as_str(), kernel.max_threads), ("k", Some(64)));
        let sizes: Vec<_> = kernel.parameters.iter().map(|p| (p.size, p.align)).collect();
        assert_eq!(sizes, [(8, 8), (12, 4)]);
        let body = kernel.body.as_ref().unwrap();
        let Statement::Instruction(load) = &body[2] else { panic!("{body:?}") };
        assert_eq!((load.opcode.as_str(), load.line), ("ld", 9));
        assert_eq!(load.guard, Some(("%p1".to_owned(), true)));
        assert!(matches!(load.operands[1], Operand::Address(_, -8)), "{load:?}");
    }

    #[test]
    fn errors_name_the_line() {
        let error = parse(".visible .entry k()\n{\n add.s32 a b;\n}").unwrap_err();
        assert_eq!(error, "PTX line 3: expected `,` or `;`, found `b`");
    }
}
