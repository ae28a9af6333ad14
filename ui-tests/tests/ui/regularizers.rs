use keras_runtime::keras_model;

keras_model! {
    Unknown = dense(4, input = 8, kernel_regularizer = l3(0.1));
    Nothing = dense(4, input = 8, kernel_regularizer = 0.1);
    Negative = dense(4, input = 8, bias_regularizer = l1_l2(l2 = -0.1));
    Vector = dense(4, input = 8, bias_regularizer = orthogonal_regularizer());
    Single = dense(1, input = 8, kernel_regularizer = orthogonal_regularizer(mode = "columns"));
    Mode = dense(4, input = 8, kernel_regularizer = orthogonal_regularizer(mode = "cells"));
    Activity = dense(4, input = 8, activity_regularizer = orthogonal_regularizer(0.1));
    Number(x: [8]) {
        add_loss(0.5);
        x >> dense(4)
    }
    Unused(x: [8]) {
        square(x);
        x >> dense(4)
    }
}

fn main() {}
