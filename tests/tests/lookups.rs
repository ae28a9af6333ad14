//! Vocabularies, vectorization of text and hashes, against Keras.

#[path = "keras/fixture.rs"]
#[allow(dead_code)]
mod fixture;

use fixture::{Fixture, assert_close};
use keras_runtime::prelude::*;
use keras_runtime::preprocessing::encoding::OutputMode;
use keras_runtime::preprocessing::hashing::{Column, HashedCrossing, Hashing};
use keras_runtime::preprocessing::lookup::{IntegerLookup, Lookup, OovMethod, StringLookup};
use keras_runtime::preprocessing::vectorization::{Split, Standardize, TextVectorization};
use ndarray::{Array1, Array2, ArrayD, Axis};
use serde_json::Value;

fn about() -> Value {
    serde_json::from_str(include_str!("../fixtures/lookups.json")).expect("JSON")
}

fn texts(value: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().expect("a text").to_string();
    value.as_array().expect("a list").iter().map(text).collect()
}

fn numbers(value: &Value) -> Vec<i64> {
    value.as_array().expect("a list").iter().map(|value| value.as_i64().expect("a number")).collect()
}

#[test]
fn texts_become_the_numbers_of_keras() -> Result<()> {
    let (fixture, about) = (Fixture::load("lookups"), about());
    let (learnt, new) = (texts(&about["texts"]), texts(&about["new"]));
    let plain = TextVectorization::default;
    let mode = |max_tokens, mode| TextVectorization::new(max_tokens, mode);
    let padded = mode(Some(40), OutputMode::MultiHot);
    for (name, mut vectorization) in [
        ("default", plain()),
        ("short", TextVectorization { output_sequence_length: Some(3), ..mode(Some(6), OutputMode::Int) }),
        ("long", TextVectorization { output_sequence_length: Some(9), ..plain() }),
        ("pairs", TextVectorization { ngrams: vec![1, 2], ..plain() }),
        ("three", TextVectorization { ngrams: vec![1, 3], standardize: Standardize::Lower, ..plain() }),
        (
            "characters",
            TextVectorization {
                split: Split::Character,
                standardize: Standardize::StripPunctuation,
                ..plain()
            },
        ),
        ("whole", TextVectorization { split: Split::None, standardize: Standardize::None, ..plain() }),
        ("multi_hot", mode(Some(12), OutputMode::MultiHot)),
        (
            "padded",
            TextVectorization {
                lookup: Lookup { pad_to_max_tokens: true, ..padded.lookup.clone() },
                ..padded
            },
        ),
        ("count", mode(None, OutputMode::Count)),
        ("tf_idf", mode(None, OutputMode::TfIdf)),
        ("tf_idf_pairs", TextVectorization { ngrams: vec![1, 2], ..mode(Some(15), OutputMode::TfIdf) }),
    ] {
        vectorization.adapt(&learnt)?;
        let what = format!("text_{name}");
        assert_eq!(vectorization.vocabulary(true), texts(&about[&what]), "{what}");
        let (found, expected) = (vectorization.encode(&new)?, fixture.get(&what));
        assert_eq!(found.shape(), expected.shape(), "{what}");
        assert_close(&what, &found, expected, 1e-6);
    }
    Ok(())
}

#[test]
fn categories_have_the_numbers_of_keras() -> Result<()> {
    let (fixture, about) = (Fixture::load("lookups"), about());
    let rows: Vec<Vec<String>> = about["rows"].as_array().expect("rows").iter().map(texts).collect();
    let plain = StringLookup::default;
    let mask = || Some(String::new());
    for (name, mut lookup) in [
        ("plain", plain()),
        ("mask", Lookup { mask_token: mask(), ..plain() }),
        ("oov", Lookup { num_oov_indices: 3, mask_token: mask(), ..plain() }),
        ("salted", Lookup { num_oov_indices: 5, salt: Some([137, 42]), ..plain() }),
        ("few", Lookup { max_tokens: Some(4), ..plain() }),
        ("one_hot", Lookup { output_mode: OutputMode::OneHot, ..plain() }),
        (
            "multi_hot",
            Lookup { output_mode: OutputMode::MultiHot, mask_token: mask(), num_oov_indices: 2, ..plain() },
        ),
        ("count", Lookup { output_mode: OutputMode::Count, ..plain() }),
        ("tf_idf", Lookup { output_mode: OutputMode::TfIdf, ..plain() }),
    ] {
        lookup.adapt(&rows[..2])?;
        let what = format!("string_{name}");
        assert_eq!(lookup.vocabulary(true), texts(&about[&what]), "{what}");
        let (found, expected) = (lookup.encode(&rows)?, fixture.get(&what));
        assert_eq!(found.shape(), expected.shape(), "{what}");
        assert_close(&what, &found, expected, 1e-6);
        if lookup.output_mode == OutputMode::Int {
            let known = &lookup.vocabulary(false)[..2];
            assert_eq!(lookup.tokens(&lookup.indices(&[known])?), [known]);
        }
    }
    let mut given = Lookup {
        output_mode: OutputMode::TfIdf,
        num_oov_indices: 2,
        max_tokens: Some(6),
        pad_to_max_tokens: true,
        ..plain()
    };
    given.set_vocabulary(&["c", "a"], Some(&[0.25, 0.75]))?;
    assert_close("given", &given.encode(&rows)?, fixture.get("string_given"), 1e-6);
    Ok(())
}

#[test]
fn whole_numbers_have_the_numbers_of_keras() -> Result<()> {
    let fixture = Fixture::load("lookups");
    let rows = [[12i64, 1138, 42], [42, 1000, 36], [-5, 12, 7]];
    let plain = IntegerLookup::default;
    let hashed = || Lookup { num_oov_indices: 4, oov_method: OovMethod::FarmHash, ..plain() };
    for (name, mut lookup) in [
        ("plain", plain()),
        ("mask", Lookup { mask_token: Some(0), num_oov_indices: 4, ..plain() }),
        ("farmhash", hashed()),
        ("salted", Lookup { salt: Some([9, 9]), ..hashed() }),
        ("count", Lookup { output_mode: OutputMode::Count, ..plain() }),
    ] {
        lookup.set_vocabulary(&[12, 36, 42], None)?;
        let what = format!("integer_{name}");
        assert_eq!(&lookup.encode(&rows)?, fixture.get(&what), "{what}");
    }
    let mut lookup = plain();
    lookup.adapt(&rows)?;
    assert_eq!(lookup.vocabulary(true), numbers(&about()["integer_adapted"]));
    Ok(())
}

#[test]
fn hashes_are_those_of_keras() -> Result<()> {
    let (fixture, about) = (Fixture::load("lookups"), about());
    let (words, all) = (texts(&about["words"]), numbers(&about["numbers"]));
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    // Numbers above 2^24 are not all an `f32`: they are compared as they are.
    let column = |bins: Array2<u32>| bins.mapv(|bin| bin as f32).index_axis_move(Axis(1), 0).into_dyn();
    let rows: Vec<[&str; 1]> = words.iter().map(|word| [*word]).collect();
    for bins in [3, 1000, 2_147_483_647] {
        let plain = || Hashing::new(bins);
        for (name, hashing) in [
            ("plain", plain()),
            ("salt", Hashing { salt: Some([133, 133]), ..plain() }),
            ("salts", Hashing { salt: Some([137, 42]), ..plain() }),
            ("mask", Hashing { mask_value: Some("A"), ..plain() }),
        ] {
            let what = format!("hash_words_{name}_{bins}");
            assert_eq!(&column(hashing.indices(&rows)?), fixture.get(&what), "{what}");
        }
    }
    let rows: Vec<[i64; 1]> = all.iter().map(|number| [*number]).collect();
    let plain = || Hashing::new(1000);
    for (name, hashing) in [
        ("plain", plain()),
        ("salt", Hashing { salt: Some([133, 133]), ..plain() }),
        ("mask", Hashing { mask_value: Some(42), ..plain() }),
    ] {
        assert_eq!(&column(hashing.indices(&rows)?), fixture.get(&format!("hash_numbers_{name}")), "{name}");
    }
    for (name, output_mode) in
        [("one_hot", OutputMode::OneHot), ("multi_hot", OutputMode::MultiHot), ("count", OutputMode::Count)]
    {
        let hashing = Hashing { output_mode, ..Hashing::new(4) };
        assert_eq!(
            &hashing.encode(&[&words[..4], &words[4..8]])?,
            fixture.get(&format!("hash_{name}")),
            "{name}"
        );
    }
    let columns = [Column::Text(&words[..8]), Column::Integers(&all), Column::Text(&words[2..10])];
    let crossing = HashedCrossing::new(1000);
    let found = |bins: Vec<u32>| bins.into_iter().map(|bin| bin as f32).collect::<Array1<f32>>().into_dyn();
    assert_eq!(&found(crossing.indices(&columns[..2])?), fixture.get("crossed"));
    assert_eq!(&found(crossing.indices(&columns)?), fixture.get("crossed_three"));
    assert_eq!(&HashedCrossing::new(7).one_hot(&columns[..2])?, fixture.get("crossed_one_hot"));
    Ok(())
}

#[test]
fn what_does_not_fit_is_told() -> Result<()> {
    let problem = |result: Result<ArrayD<f32>>| result.expect_err("a mistake").to_string();
    let mut none = Lookup { num_oov_indices: 0, ..StringLookup::default() };
    none.set_vocabulary(&["a", "b"], None)?;
    assert!(problem(none.encode(&[["a", "z"]])).contains("\"z\""));
    for vocabulary in [&["a", "b", "a"][..], &[], &["a", "b", "c", "d"]] {
        let mut lookup = Lookup { max_tokens: Some(4), ..StringLookup::default() };
        assert!(lookup.set_vocabulary(vocabulary, None).is_err(), "{vocabulary:?}");
    }
    // Special tokens may stand in front, and nowhere else.
    let mut masked = Lookup { mask_token: Some("".into()), ..StringLookup::default() };
    masked.set_vocabulary(&["", "[UNK]", "a"], None)?;
    assert_eq!(masked.indices(&[["", "a", "b"]])?, [[0, 2, 1]]);
    assert!(masked.set_vocabulary(&["a", ""], None).is_err());
    assert!(masked.set_vocabulary(&["a"], Some(&[1.0])).is_err());
    let unlearnt = TextVectorization::new(None, OutputMode::TfIdf);
    assert!(problem(unlearnt.encode(&["a"])).contains("learnt"));
    let long = TextVectorization {
        output_sequence_length: Some(3),
        ..TextVectorization::new(None, OutputMode::Count)
    };
    assert!(problem(long.encode(&["a"])).contains("output_sequence_length"));
    assert!(TextVectorization { ngrams: vec![0], ..TextVectorization::default() }.indices(&["a"]).is_err());
    assert!(Lookup { max_tokens: Some(1), ..StringLookup::default() }.adapt(&[["a"]]).is_err());
    assert!(Lookup { pad_to_max_tokens: true, ..StringLookup::default() }.adapt(&[["a"]]).is_err());
    assert!(Lookup { salt: Some([1, 1]), ..IntegerLookup::default() }.adapt(&[[1i64]]).is_err());
    assert!(Hashing::new(0).indices(&[["a"]]).is_err());
    assert!(Hashing::new(3).indices(&[&["a", "b"][..], &["a"]]).is_err());
    assert!(HashedCrossing::new(3).indices(&[Column::Integers(&[1])]).is_err());
    assert!(HashedCrossing::new(3).indices(&[Column::Integers(&[1]), Column::Text(&["a", "b"])]).is_err());
    Ok(())
}
