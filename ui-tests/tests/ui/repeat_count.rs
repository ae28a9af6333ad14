use keras_runtime::keras_model;

keras_model! {
    pub Net(x: [8]) {
        let a = x >> repeat 0 { dense(8) };
        let b = x >> repeat LAYERS { dense(8) };
        let c = x >> repeat 2.5 { dense(8) };
        let d = x >> repeat { dense(8) };
        let e = x >> repeat 3;
        let f = x >> repeat 1_000_000 { dense(8) };
        (a, b, c, d, e, f, x + repeat 2 { dense(3) })
    }
}

fn main() {
    let _ = Net::new(0);
}
