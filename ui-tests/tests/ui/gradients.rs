use keras_runtime::keras_model;

keras_model! {
    Inner(x: [4]) { x >> dense(3) }

    pub Net(x: [4], y: [4]) {
        let loss = sum(square(x >> dense(3)), axis = -1);
        (gradient(loss, y), gradient(x), x + y)
    }
    cell slope(x: [4]; h: [4]) -> [4] {
        let y = square(x + h);
        (gradient(y, h), y)
    }
    pub Reader = input([7, 4]) >> slope() >> dense(1)
    pub Frozen = input(4) >> Inner(trainable = no) >> Inner(trainble = false) >> Inner(name = 3)
}

fn main() {
    let _ = (Net::new(0), Reader::new(0), Frozen::new(0));
}
