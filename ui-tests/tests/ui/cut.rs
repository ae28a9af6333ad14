use keras_runtime::keras_model;

keras_model! {
    block stage(units) |x| { x >> dense(units, relu) >> dropout(0.2) }

    Vgg(x: [4]) {
        let tower = dense(4);
        let _aux = x >> dense(9, name = "aux");
        x >> tower >> tower >> stage(6) >> stage(7) >> dense(10, name = "last")
    }
    Unknown = Vgg(outputs = "stage_2")
    Misspelt = Vgg(outputs = ["stage_1/dnese", "last"])
    Aside = Vgg(outputs = "aux")
    Twice = Vgg(outputs = "dense")
    Number = Vgg(outputs = 3)
    Argument = Vgg(output = "last")
    pub Net(x: [5]) { x >> Vgg(outputs = "stage") >> stage(outputs = "dense") }
}

fn main() {
    let _ = Net::new(0);
}
