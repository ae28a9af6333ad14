use keras_runtime::keras_model;

keras_model! {
    pub Net(x: [crate::super_wide::WIDTH]) -> [crate::super_wide::OTHER] {
        x >> dropout(0.5)
    }
}

mod super_wide {
    pub const WIDTH: usize = 784;
    pub const OTHER: usize = 10;
}

fn main() {
    let _ = Net::new(0);
}
