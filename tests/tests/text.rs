//! Text and sequences as numbers, against Keras.

#[path = "keras/fixture.rs"]
#[allow(dead_code)]
mod fixture;

use fixture::{Fixture, assert_close};
use keras_runtime::prelude::*;
use keras_runtime::preprocessing::sequence::{
    Padding, Side, Skipgrams, make_sampling_table, pad_sequences, skipgrams,
};
use keras_runtime::preprocessing::text::{MatrixMode, Tokenizer};

const TEXTS: [&str; 4] = [
    "The cat sat on the mat.",
    "The dog -- a big dog! -- sat on the cat; the cat ran",
    "",
    "Élan vital: a mat,\tA Mat\nthe MAT",
];
const NEW: [&str; 4] = ["the elephant sat on a mat", "dog dog dog cat unknown", "...", "vital élan THE"];

#[test]
fn tokenizers_are_those_of_keras() -> Result<()> {
    let fixture = Fixture::load("text");
    let oov = Some("<unk>".to_string());
    for (name, mut tokenizer) in [
        ("plain", Tokenizer::default()),
        ("few", Tokenizer::new(5)),
        ("oov", Tokenizer { oov_token: oov.clone(), ..Tokenizer::default() }),
        ("few_oov", Tokenizer { oov_token: oov, ..Tokenizer::new(6) }),
        ("chars", Tokenizer { char_level: true, ..Tokenizer::default() }),
        ("cased", Tokenizer { lower: false, filters: "!.;-".into(), ..Tokenizer::default() }),
    ] {
        tokenizer.fit_on_texts(&TEXTS[..2]);
        tokenizer.fit_on_texts(&TEXTS[2..]);
        let sequences: Vec<Vec<f32>> = tokenizer
            .texts_to_sequences(&NEW)
            .into_iter()
            .map(|sequence| sequence.into_iter().map(|i| i as f32).collect())
            .collect();
        let padded =
            pad_sequences(&sequences, &Padding { padding: Side::Post, value: -1.0, ..Padding::default() });
        assert_eq!(&padded.into_dyn(), fixture.get(&format!("{name}/padded")), "{name}");
        for (mode, of) in [
            ("binary", MatrixMode::Binary),
            ("count", MatrixMode::Count),
            ("freq", MatrixMode::Freq),
            ("tfidf", MatrixMode::TfIdf),
        ] {
            let what = format!("{name}/{mode}");
            assert_close(&what, &tokenizer.texts_to_matrix(&NEW, of)?.into_dyn(), fixture.get(&what), 1e-6);
        }
    }
    Ok(())
}

#[test]
fn sequences_are_texts_again() {
    let mut tokenizer = Tokenizer::default();
    tokenizer.fit_on_texts(&TEXTS);
    let sequences = tokenizer.texts_to_sequences(&["the CAT sat, on a whale"]);
    assert_eq!(tokenizer.sequences_to_texts(&sequences), ["the cat sat on a"]);
    assert_eq!(tokenizer.index_word(1), Some("the"));
    assert_eq!((tokenizer.index_word(0), tokenizer.word_index("whale")), (None, None));
    let problem =
        Tokenizer::default().texts_to_matrix(&NEW, MatrixMode::Count).expect_err("nothing is known");
    assert!(problem.to_string().contains("fit_on_texts"), "{problem}");
}

#[test]
fn sequences_become_as_long_as_each_other() {
    let fixture = Fixture::load("text");
    let ragged: [Vec<f32>; 4] = [vec![1.0, 2.0, 3.0, 4.0], vec![], vec![5.0], vec![6.0, 7.0]];
    for (padding, first) in [(Side::Pre, "pre"), (Side::Post, "post")] {
        for (truncating, second) in [(Side::Pre, "pre"), (Side::Post, "post")] {
            let settings = Padding { maxlen: Some(3), padding, truncating, value: 9.0 };
            let expected = fixture.get(&format!("pad_{first}_{second}"));
            assert_eq!(&pad_sequences(&ragged, &settings).into_dyn(), expected);
        }
    }
    assert_eq!(&pad_sequences(&ragged, &Padding::default()).into_dyn(), fixture.get("pad"));
    assert_eq!(pad_sequences(&[] as &[Vec<u8>], &Padding::default()).dim(), (0, 0));
}

#[test]
fn pairs_of_words_are_close_or_drawn() -> Result<()> {
    let fixture = Fixture::load("text");
    for (name, factor) in [("sampling_table", 1e-5), ("sampling_table_coarse", 1e-3)] {
        let table: Vec<f32> = make_sampling_table(50, factor).into_iter().map(|p| p as f32).collect();
        assert_close(name, &ndarray::Array1::from(table).into_dyn(), fixture.get(name), 1e-6);
    }
    let sequence: Vec<u32> = (0..400).map(|i| (i * i + 3 * i) % 17).collect();
    let settings = Skipgrams { window_size: 2, negative_samples: 1.5, seed: 3, ..Skipgrams::default() };
    let (pairs, labels) = skipgrams(&sequence, 17, &settings)?;
    assert_eq!((pairs.clone(), labels.clone()), skipgrams(&sequence, 17, &settings)?);
    let found = labels.iter().filter(|label| **label == 1).count();
    assert_eq!(labels.len(), found + (found as f64 * 1.5) as usize);
    let close = |pair: &[u32; 2]| {
        (0..sequence.len()).any(|i| {
            sequence[i] == pair[0] && sequence[i.saturating_sub(2)..(i + 3).min(400)].contains(&pair[1])
        })
    };
    assert!(pairs.iter().flatten().all(|word| (1..17).contains(word)));
    assert!(pairs.iter().zip(&labels).all(|(pair, label)| *label == 0 || close(pair)));
    assert!(labels[..20].contains(&0) && labels[..20].contains(&1), "in random order");
    // A table keeps that share of the words.
    let rare = Skipgrams { sampling_table: Some(vec![0.25; 17]), negative_samples: 0.0, ..settings };
    let kept = skipgrams(&sequence, 17, &rare)?.0.len() as f64 / found as f64;
    assert!((0.15..0.35).contains(&kept), "{kept}");
    for (sequence, size) in [(vec![3, 9], 9), (vec![0], 1)] {
        assert!(skipgrams(&sequence, size, &Skipgrams::default()).is_err());
    }
    Ok(())
}
