use keras_runtime::keras_model;

keras_model! {
    pub Net = input([8]) >> repeat 3 |x| { concatenate(x, x >> dense(2)) * (x >> dense(10)) } >> dense(3)
}

fn main() {
    let _ = Net::new(0);
}
