//! Kernels that leave gradients where they are wanted.

use super::{Expression, Fuser, Kernel, Layout, Map, Strided, Value, is_number};
use crate::ir::{Dim, Id, Op, ReduceKind};

impl<'a> Fuser<'a> {
    /// Finds for each gradient the kernels that leave it where it is wanted.
    pub(super) fn place_gradients(&mut self) {
        for &(weight, id) in &self.function.gradients {
            match self.sum_of_products(id) {
                Some(products) => self.products_into(weight, id, &products),
                None => self.leave_in(Value::Gradient(weight), id),
            }
        }
        for &(weight, id) in &self.function.updates {
            self.leave_in(Value::Update(weight), id);
        }
        for &(index, id) in &self.function.carries {
            self.leave_in(Value::Carry(index), id);
        }
    }

    /// Has `id` computed where `place` is, or copied there.
    pub(super) fn leave_in(&mut self, place: Value, id: Id) {
        let base = self.view(id).base;
        let home = Value::Node(base);
        let given = matches!(self.op(base), Op::Weight(_) | Op::Input(_) | Op::Carried(_));
        // What is wanted for itself is stored in order: it is all of its base.
        let own = !given && !is_number(self.op(base));
        if own && !self.homes.contains_key(&home) {
            self.homes.insert(home, place);
            return;
        }
        let shape = self.graph.shape(id).clone();
        let mut expression = Expression::new(shape.clone());
        let reg = self.value(&mut expression, id, None);
        let stores = vec![(place, Strided::contiguous(&shape.dims), reg)];
        self.out.entry(id.0).or_default().push(Kernel::Map(Map { expression, stores, accumulate: false }));
    }

    /// The terms, if `id` is nothing but products `xᵀ · y` added up.
    pub(super) fn sum_of_products(&self, id: Id) -> Option<Vec<Id>> {
        match self.op(id) {
            Op::MatMulT { .. } => Some(vec![id]),
            Op::Reshape(x) => self.sum_of_products(*x),
            Op::Binary(crate::ir::Binary::Add, a, b) => {
                Some([self.sum_of_products(*a)?, self.sum_of_products(*b)?].concat())
            }
            _ => None,
        }
    }

    pub(super) fn products_into(&mut self, weight: usize, id: Id, products: &[Id]) {
        self.done.insert(id);
        for (i, &product) in products.iter().enumerate() {
            if self.is_used_for(product, id) {
                self.done.insert(product);
            }
            let panels = self.layouts[weight] == Layout::Panels;
            let kernel = self.product_t(product, Value::Gradient(weight), panels, i > 0);
            self.out.entry(id.0).or_default().push(kernel);
        }
    }

    /// Whether nothing but sums and reshapes on the way to `whole` uses `part`.
    pub(super) fn is_used_for(&self, part: Id, whole: Id) -> bool {
        let users = self.graph.nodes.iter().enumerate();
        let mut users = users.filter(|(_, node)| node.op.operands().contains(&part)).map(|(j, _)| Id(j));
        part == whole || users.all(|user| self.done.contains(&user) || self.is_used_for(user, whole))
    }

    pub(super) fn product_t(&mut self, product: Id, into: Value, panels: bool, accumulate: bool) -> Kernel {
        let Op::MatMulT { x, y } = *self.op(product) else { unreachable!("the caller matched a product") };
        let (k, n) = (self.dims(product)[0].clone(), self.dims(product)[1].clone());
        let rows = Dim::product(&self.dims(x)[..self.dims(x).len() - 1]);
        let matrix = self.matrix(x);
        let db = if accumulate { None } else { self.take_column_sums(y) };
        let y = self.buffer(y).value;
        Kernel::MatMulT { x: matrix, y, into, panels, db, accumulate, rows, k, n }
    }

    /// The reduction of `y` to its column sums, if there is one that nobody computes yet.
    pub(super) fn take_column_sums(&mut self, y: Id) -> Option<Value> {
        let rank = self.graph.shape(y).rank();
        let sums = self.graph.nodes.iter().position(|node| match &node.op {
            Op::Reduce { kind: ReduceKind::Sum, x, axes, batch: true } => {
                *x == y && axes.iter().copied().eq(0..rank - 1)
            }
            _ => false,
        });
        let sums = Id(sums?);
        self.done.insert(sums).then_some(Value::Node(sums))
    }
}
