//! What comes next: frames, values of a series, letters; and topics of texts.

use keras_runtime::prelude::*;
use keras_runtime::preprocessing::text::{MatrixMode, Tokenizer};
use ndarray::{Array2, Array3, Array5, Axis, s};

use crate::Draw;

keras_model! {
    /// `conv_lstm`: the next frame of each (Shi et al., 2015). The last kernel sees one frame, so that none is told by a later one.
    ConvLstm = conv_lstm2d(4, 3, padding = same, return_sequences = true, input = [5, 4, 8, 1]) >> batch_normalization(momentum = 0.9)
        >> conv_lstm2d(4, 3, padding = same, return_sequences = true) >> batch_normalization(momentum = 0.9)
        >> conv3d(1, [1, 3, 3], padding = same, activation = sigmoid)

    /// `lstm_stateful` and `stateful_lstm`: a step at a time, with what the batch before has left, and without.
    Stateful = lstm(8, stateful = true, input = [1, 1]) >> dense(1)
    Stateless = lstm(8, input = [1, 1]) >> dense(1)

    /// `lstm_text_generation`.
    Letters = lstm(16, input = [4, 8]) >> dense(8, softmax)

    /// `reuters_mlp`: which words there are, and not where.
    Topics = dense(16, input = 20) >> relu >> dropout(0.5) >> dense(3, softmax)
}

/// Films of a square that goes left or right, and the same a frame later.
fn films(samples: usize, draw: &mut Draw) -> (Array5<f32>, Array5<f32>) {
    let paths: Vec<[usize; 3]> = (0..samples).map(|_| [3, 2, 2].map(|n| draw.below(n))).collect();
    let film = Array5::from_shape_fn((samples, 6, 4, 8, 1), |(n, t, i, j, _)| {
        let [top, start, right] = paths[n];
        let left = if right == 1 { start + t } else { start + 5 - t };
        f32::from((top..top + 2).contains(&i) && (left..left + 2).contains(&j))
    });
    (film.slice(s![.., ..5, .., .., ..]).to_owned(), film.slice(s![.., 1.., .., .., ..]).to_owned())
}

/// The last frame is one that no input shows.
#[test]
fn squares_move_on() -> Result<()> {
    let mut draw = Draw(1);
    let ((x, y), (new_x, new_y)) = (films(64, &mut draw), films(24, &mut draw));
    let mut model = ConvLstm::new(1).compile(
        Adam { learning_rate: 0.02, ..Adam::default() },
        BinaryCrossentropy::default(),
        (),
    );
    model.fit(&x, &y, Fit { epochs: 30, batch_size: 8, verbose: Verbose::Silent, ..Fit::default() })?;
    let last = model.predict(&new_x)?.index_axis_move(Axis(1), 4);
    let (truth, before) = (new_y.index_axis(Axis(1), 4), new_x.index_axis(Axis(1), 4));
    let error =
        |p: &mut dyn Iterator<Item = &f32>| p.zip(&truth).map(|(p, y)| (p - y) * (p - y)).sum::<f32>();
    let (found, still) = (error(&mut last.iter()), error(&mut before.iter()));
    assert!(found < 0.5 * still, "{found}, the frame before {still}");
    Ok(())
}

/// Series side by side, a step of each in a batch; what is asked for is the mean of a value and the one before it.
fn series(steps: usize, draw: &mut Draw) -> (Array3<f32>, Array2<f32>) {
    let x = Array2::from_shape_simple_fn((steps, SERIES), || draw.number());
    let y = Array2::from_shape_fn((steps, SERIES), |(t, i)| {
        (x[[t, i]] + if t > 0 { x[[t - 1, i]] } else { 0.0 }) / 2.0
    });
    let column = |values: Array2<f32>| values.into_shape_with_order((steps * SERIES, 1)).expect("as many");
    (column(x).insert_axis(Axis(2)), column(y))
}

const SERIES: usize = 16;

/// The error on series that a model has not seen.
fn forecast<M: Model>(model: M) -> Result<f64> {
    let mut draw = Draw(2);
    let ((x, y), (new_x, new_y)) = (series(60, &mut draw), series(60, &mut draw));
    let mut model = model.compile(Adam { learning_rate: 0.01, ..Adam::default() }, MeanSquaredError, ());
    for _ in 0..40 {
        model.fit(
            &x,
            &y,
            Fit { batch_size: SERIES, shuffle: false, verbose: Verbose::Silent, ..Fit::default() },
        )?;
        model.reset_states();
    }
    Ok(model.evaluate_with(&new_x, &new_y, Evaluate { batch_size: SERIES, ..Evaluate::default() })?.loss)
}

#[test]
fn what_a_batch_leaves_tells_the_next() -> Result<()> {
    // The half of an unknown uniform number has the variance 1 / 48.
    let (stateful, stateless) = (forecast(Stateful::new(1))?, forecast(Stateless::new(1))?);
    assert!(stateless > 0.9 / 48.0 && stateful < 0.5 * stateless, "{stateful}, without states {stateless}");
    Ok(())
}

/// A class, drawn from probabilities that a temperature below 1 makes surer, and one above 1 less so.
fn sample(p: impl Iterator<Item = f32>, temperature: f32, draw: &mut Draw) -> usize {
    let weights: Vec<f32> = p.map(|p| (p.ln() / temperature).exp()).collect();
    let mut left = draw.number() * weights.iter().sum::<f32>();
    let passed = |weight: &f32| {
        left -= weight;
        left < 0.0
    };
    weights.iter().position(passed).unwrap_or(weights.len() - 1)
}

#[test]
fn a_text_goes_on() -> Result<()> {
    let text = "one two three ".repeat(8);
    let mut letters: Vec<char> = text.chars().collect();
    letters.sort_unstable();
    letters.dedup();
    let number =
        |letter: char| letters.iter().position(|known| *known == letter).expect("a letter of the text");
    let numbers: Vec<usize> = text.chars().map(number).collect();
    let windows = numbers.len() - 4;
    let x = Array3::from_shape_fn((windows, 4, 8), |(i, t, k)| f32::from(numbers[i + t] == k));
    let y: Vec<u8> = numbers[4..].iter().map(|number| *number as u8).collect();
    let mut model = Letters::new(1).compile(
        RmsProp { learning_rate: 0.01, ..RmsProp::default() },
        SparseCategoricalCrossentropy,
        (),
    );
    model.fit(&x, &y, Fit { epochs: 30, batch_size: 16, verbose: Verbose::Silent, ..Fit::default() })?;

    let mut written = |temperature: f32| -> Result<String> {
        let (mut draw, mut last) = (Draw(5), numbers[..4].to_vec());
        for i in 0..40 {
            let window = Array3::from_shape_fn((1, 4, 8), |(_, t, k)| f32::from(last[i + t] == k));
            last.push(sample(model.predict(&window)?.into_iter(), temperature, &mut draw));
        }
        Ok(last.into_iter().map(|number| letters[number]).collect())
    };
    assert_eq!(written(0.2)?, text[..44]);
    let wild = written(5.0)?;
    let strange =
        wild.as_bytes().windows(5).filter(|part| !text.as_bytes().windows(5).any(|known| known == *part));
    assert!(strange.count() > 10, "{wild}");
    Ok(())
}

#[test]
fn words_tell_the_topic() -> Result<()> {
    let words = [
        ["oil", "barrel", "crude", "tanker"],
        ["wheat", "grain", "corn", "crop"],
        ["bank", "rate", "yen", "dollar"],
    ];
    let mut draw = Draw(3);
    let mut news = |samples: usize| -> (Vec<String>, Vec<u8>) {
        let mut text = |topic: &u8| {
            let mut word = |kind: usize| words[kind][draw.below(4)];
            let own = usize::from(*topic);
            format!("The {} and {}: {}, {}.", word(own), word(own), word(own), word((own + 1) % 3))
        };
        let topics: Vec<u8> = (0..samples).map(|i| (i % 3) as u8).collect();
        (topics.iter().map(&mut text).collect(), topics)
    };
    let ((texts, topics), (new_texts, new_topics)) = (news(60), news(30));
    let mut tokenizer = Tokenizer::new(20);
    tokenizer.fit_on_texts(&texts);
    let matrix = |texts: &[String]| tokenizer.texts_to_matrix(texts, MatrixMode::Binary);
    let mut model = Topics::new(1).compile(
        Adam { learning_rate: 0.02, ..Adam::default() },
        SparseCategoricalCrossentropy,
        [Accuracy],
    );
    let settings =
        Fit { epochs: 30, batch_size: 20, validation_split: 0.1, verbose: Verbose::Silent, ..Fit::default() };
    let (known, new) = (matrix(&texts)?, matrix(&new_texts)?);
    model.fit(&known, &topics, settings)?;
    let score = model.evaluate(&new, &new_topics)?;
    assert!(score["accuracy"] > 0.9, "{score}");
    Ok(())
}
