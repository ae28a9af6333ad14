//! Arrays as they come in: borrowed where they lie contiguous, copied once where they do not.

use std::borrow::Cow;
use std::fmt;

use ndarray::{Array, ArrayBase, ArrayD, ArrayView, Data, Dimension, IxDyn};

/// Dimensions that a [`Tensor`] may have at most, the batch included.
pub const MAX_RANK: usize = 8;

/// A shape that lives without the heap.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    dims: [usize; MAX_RANK],
    rank: usize,
}

impl Shape {
    /// The shape of `dims`; what is past [`MAX_RANK`] is folded into the last dimension.
    pub fn new(dims: &[usize]) -> Self {
        let mut shape = Shape { dims: [1; MAX_RANK], rank: dims.len().min(MAX_RANK) };
        for (i, &dim) in dims.iter().enumerate() {
            shape.dims[i.min(MAX_RANK - 1)] *= dim;
        }
        shape
    }

    /// All dimensions.
    pub fn dims(&self) -> &[usize] {
        &self.dims[..self.rank]
    }

    /// Samples: the first dimension.
    pub fn rows(&self) -> usize {
        self.dims().first().copied().unwrap_or(0)
    }

    /// The dimensions of one sample.
    pub fn sample(&self) -> &[usize] {
        self.dims().get(1..).unwrap_or(&[])
    }

    /// Elements of one sample.
    pub fn width(&self) -> usize {
        self.sample().iter().product()
    }
}

impl fmt::Debug for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.dims())
    }
}

macro_rules! elements {
    ($($variant:ident $type:ty,)*) => {
        /// The elements of a [`Tensor`].
        #[derive(Debug, Clone)]
        #[allow(missing_docs)]
        pub enum Values<'a> { $($variant(Cow<'a, [$type]>),)* }

        impl Values<'_> {
            /// Number of elements.
            pub fn len(&self) -> usize {
                match self { $(Values::$variant(v) => v.len(),)* }
            }

            /// Whether there is none.
            pub fn is_empty(&self) -> bool {
                self.len() == 0
            }

            /// Element `i`, for messages and checks.
            pub fn at(&self, i: usize) -> f64 {
                match self { $(Values::$variant(v) => v[i].to_f64(),)* }
            }

            /// Calls `visit` with the elements, whatever their type.
            pub(crate) fn visit<V: VisitValues>(&self, visit: V) -> V::Output {
                match self { $(Values::$variant(v) => visit.values(v),)* }
            }
        }

        $(impl Element for $type {
            fn to_f32(self) -> f32 { elements!(@f32 self $variant) }
            fn to_f64(self) -> f64 { elements!(@f64 self $variant) }
            fn values(slice: Cow<'_, [Self]>) -> Values<'_> { Values::$variant(slice) }
        })*
    };
    (@f32 $x:ident Bool) => { f32::from(u8::from($x)) };
    (@f64 $x:ident Bool) => { f64::from(u8::from($x)) };
    (@f32 $x:ident $variant:ident) => { $x as f32 };
    (@f64 $x:ident $variant:ident) => { $x as f64 };
}

/// A number that can be fed to a model. Inside it every number is an `f32`.
pub trait Element: Copy + Send + Sync + 'static {
    /// As a model's word.
    fn to_f32(self) -> f32;
    /// As shown in messages.
    fn to_f64(self) -> f64;
    #[doc(hidden)]
    fn values(slice: Cow<'_, [Self]>) -> Values<'_>;
}

/// Work on the elements of a [`Tensor`] of whatever type.
pub(crate) trait VisitValues {
    type Output;
    fn values<T: Element>(self, values: &[T]) -> Self::Output;
}

elements! {
    F32 f32, F64 f64, U8 u8, I8 i8, U16 u16, I16 i16, U32 u32, I32 i32, U64 u64, I64 i64, Usize usize, Bool bool,
}

/// One array at the model's edge: row-major elements and their shape, the batch first.
#[derive(Debug, Clone)]
pub struct Tensor<'a> {
    shape: Shape,
    values: Values<'a>,
}

impl<'a> Tensor<'a> {
    /// The shape, the batch first.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// The elements, row-major.
    pub fn values(&self) -> &Values<'a> {
        &self.values
    }

    /// The elements as a model takes them, in their shape.
    pub fn to_array(&self) -> ArrayD<f32> {
        let mut words = self.values.visit(Words).into_iter();
        // There are as many of them as the shape says.
        ArrayD::from_shape_simple_fn(IxDyn(self.shape.dims()), || words.next().unwrap_or_default())
    }
}

/// Elements as words of a model.
struct Words;

impl VisitValues for Words {
    type Output = Vec<f32>;

    fn values<T: Element>(self, values: &[T]) -> Vec<f32> {
        values.iter().map(|x| x.to_f32()).collect()
    }
}

/// A single array: an `ndarray` array or view of any dimension, a slice, or a `Vec`, of any [`Element`].
pub trait IntoTensor<'a> {
    /// Borrows the array, or copies it once where it is not contiguous.
    fn into_tensor(self) -> Tensor<'a>;
}

impl<'a> IntoTensor<'a> for Tensor<'a> {
    fn into_tensor(self) -> Tensor<'a> {
        self
    }
}

impl<'a, S, D> IntoTensor<'a> for &'a ArrayBase<S, D>
where
    S: Data,
    S::Elem: Element,
    D: Dimension,
{
    fn into_tensor(self) -> Tensor<'a> {
        let values = match self.as_slice() {
            Some(slice) => Cow::Borrowed(slice),
            None => Cow::Owned(self.iter().copied().collect()),
        };
        Tensor { shape: Shape::new(self.shape()), values: Element::values(values) }
    }
}

impl<'a, T: Element, D: Dimension> IntoTensor<'a> for ArrayView<'a, T, D> {
    fn into_tensor(self) -> Tensor<'a> {
        let shape = Shape::new(self.shape());
        let values = match self.to_slice() {
            Some(slice) => Cow::Borrowed(slice),
            None => Cow::Owned(self.iter().copied().collect()),
        };
        Tensor { shape, values: T::values(values) }
    }
}

/// An array that is given away.
impl<T: Element, D: Dimension> IntoTensor<'static> for Array<T, D> {
    fn into_tensor(self) -> Tensor<'static> {
        let shape = Shape::new(self.shape());
        let values = match self.is_standard_layout() {
            true => {
                let len = self.len();
                let (mut values, offset) = self.into_raw_vec_and_offset();
                values.drain(..offset.unwrap_or(0));
                values.truncate(len);
                values
            }
            false => self.iter().copied().collect(),
        };
        Tensor { shape, values: T::values(Cow::Owned(values)) }
    }
}

impl<T: Element> IntoTensor<'static> for Vec<T> {
    fn into_tensor(self) -> Tensor<'static> {
        Tensor { shape: Shape::new(&[self.len()]), values: T::values(Cow::Owned(self)) }
    }
}

impl<'a, T: Element> IntoTensor<'a> for &'a [T] {
    fn into_tensor(self) -> Tensor<'a> {
        Tensor { shape: Shape::new(&[self.len()]), values: T::values(Cow::Borrowed(self)) }
    }
}

impl<'a, T: Element> IntoTensor<'a> for &'a Vec<T> {
    fn into_tensor(self) -> Tensor<'a> {
        self.as_slice().into_tensor()
    }
}

impl<'a, T: Element, const N: usize> IntoTensor<'a> for &'a [T; N] {
    fn into_tensor(self) -> Tensor<'a> {
        self.as_slice().into_tensor()
    }
}

impl<'a, T: Element, const N: usize> IntoTensor<'a> for &'a [[T; N]] {
    fn into_tensor(self) -> Tensor<'a> {
        let shape = Shape::new(&[self.len(), N]);
        Tensor { shape, values: T::values(Cow::Borrowed(self.as_flattened())) }
    }
}

impl<'a, T: Element, const N: usize> IntoTensor<'a> for &'a Vec<[T; N]> {
    fn into_tensor(self) -> Tensor<'a> {
        self.as_slice().into_tensor()
    }
}

impl<'a, T: Element, const N: usize, const M: usize> IntoTensor<'a> for &'a [[T; N]; M] {
    fn into_tensor(self) -> Tensor<'a> {
        self.as_slice().into_tensor()
    }
}

/// What a model is fed with: one array, or a tuple with one array for each input (or output), in order of declaration.
pub trait Arrays<'a> {
    /// The arrays in order.
    type List: AsRef<[Tensor<'a>]>;
    /// Borrows every array.
    fn tensors(self) -> Self::List;
}

impl<'a, A: IntoTensor<'a>> Arrays<'a> for A {
    type List = [Tensor<'a>; 1];
    fn tensors(self) -> Self::List {
        [self.into_tensor()]
    }
}

impl<'a> Arrays<'a> for Vec<Tensor<'a>> {
    type List = Vec<Tensor<'a>>;
    fn tensors(self) -> Self::List {
        self
    }
}

macro_rules! arrays_of_tuples {
    ($($n:literal: $($name:ident)*;)*) => {$(
        impl<'a, $($name: IntoTensor<'a>),*> Arrays<'a> for ($($name,)*) {
            type List = [Tensor<'a>; $n];
            #[allow(non_snake_case)]
            fn tensors(self) -> Self::List {
                let ($($name,)*) = self;
                [$($name.into_tensor()),*]
            }
        }
    )*};
}
arrays_of_tuples! { 1: A; 2: A B; 3: A B C; 4: A B C D; 5: A B C D E; 6: A B C D E F; }

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, Array3, s};

    #[test]
    fn contiguous_arrays_are_borrowed() {
        let x = Array2::<f32>::zeros((3, 4));
        let tensor = (&x).into_tensor();
        assert!(matches!(tensor.values(), Values::F32(Cow::Borrowed(_))));
        assert_eq!((tensor.shape().rows(), tensor.shape().width()), (3, 4));
    }

    #[test]
    fn strided_arrays_are_copied_in_row_major_order() {
        let x = Array2::from_shape_fn((2, 3), |(i, j)| (10 * i + j) as u8);
        let t = x.t();
        let tensor = (&t).into_tensor();
        let read: Vec<f64> = (0..6).map(|i| tensor.values().at(i)).collect();
        assert_eq!(read, [0.0, 10.0, 1.0, 11.0, 2.0, 12.0]);
        let view = x.slice(s![.., 1..]);
        assert_eq!(view.into_tensor().values().len(), 4);
    }

    #[test]
    fn tuples_are_lists_of_arrays() {
        let (a, b) = (Array3::<i32>::zeros((2, 2, 2)), vec![1usize, 2]);
        let list = (&a, &b).tensors();
        assert_eq!(list[0].shape().dims(), [2, 2, 2]);
        assert_eq!(list[1].shape().dims(), [2]);
        assert!([[1.0f32, 2.0]].as_slice().into_tensor().shape().dims() == [1, 2]);
    }
}
