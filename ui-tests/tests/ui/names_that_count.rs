use keras_runtime::keras_model;

keras_model! {
    block stage(units, number) |x| { x >> dense(units, name = "stage{number}_{units * 2}") }

    Fine = input([4]) >> repeat i in 2 { stage(3, i + 1, name = "") } >> dense(2, name = "last");
    Unknown = input([4]) >> repeat i in 2 { dense(3, name = "dense{j}") };
    NotANumber = input([4]) >> repeat i in 2 { dense(3, name = "dense{i / 0.5}") };
    Twice = input([4]) >> repeat i in 2 { dense(3, name = "same{i * 0}") }
}

fn main() {}
