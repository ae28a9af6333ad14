//! An end-to-end memory network (Sukhbaatar et al., 2015) answers questions on stories, as in task 1 of bAbI (Weston et al., 2015):
//! where is someone who has been told to go from place to place, among others who went elsewhere?
//!
//!     cargo run --release --example babi_memnn [-- epochs seed]

use keras_runtime::prelude::*;
use ndarray::{Array2, Array3, ArrayView1, Axis};

const PEOPLE: [&str; 4] = ["Mary", "John", "Daniel", "Sandra"];
const PLACES: [&str; 6] = ["bathroom", "hallway", "garden", "office", "kitchen", "bedroom"];
const VERBS: [&str; 5] = ["moved", "went", "journeyed", "travelled", "walked"];

keras_model! {
    const SENTENCES: usize = 10;
    const WORDS: usize = 5;
    /// Words that stories are made of, and 0 for none.
    const VOCABULARY: usize = 21;
    const WIDTH: usize = 24;

    /// The sum of the words of each sentence, and of when it was said.
    block remembered() |story| {
        let time = arange(SENTENCES) >> embedding(SENTENCES, WIDTH);
        sum(story >> embedding(VOCABULARY, WIDTH), axis = 2) + time
    }
    /// What the memory answers to a question, added to it: the next hop's question.
    block hop() |story, question| {
        let attention = softmax(dot(story >> remembered(), question, axes = (2, 1)));
        dot(attention, story >> remembered(), axes = (1, 1)) + (question >> dense(WIDTH))
    }
    MemoryNetwork(story: [u8; SENTENCES, WORDS], question: [u8; 3]) -> (answer: [VOCABULARY]) {
        let asked = sum(question >> embedding(VOCABULARY, WIDTH), axis = 1);
        let first = (story, asked) >> hop();
        let second = (story, first) >> hop();
        second >> dropout(0.1) >> dense(VOCABULARY, softmax)
    }
}

/// Numbers of words, from 1 on.
struct Dictionary(Vec<&'static str>);

impl Dictionary {
    fn new() -> Self {
        let rest = ["to", "the", "Where", "is"];
        Dictionary([&PEOPLE[..], &PLACES, &VERBS, &rest].concat())
    }

    fn number(&self, word: &str) -> u8 {
        1 + self.0.iter().position(|known| *known == word).expect("a word of the stories") as u8
    }

    fn word(&self, number: usize) -> &'static str {
        if number == 0 { "" } else { self.0[number - 1] }
    }
}

/// Stories of 2, 4, 6, 8 or 10 sentences, a question on each, and its answer.
struct Stories {
    story: Array3<u8>,
    question: Array2<u8>,
    answer: Array2<u8>,
}

impl Stories {
    fn new(samples: usize, random: &mut impl FnMut(usize) -> usize) -> Self {
        let dictionary = Dictionary::new();
        let mut story = Array3::zeros((samples, 10, 5));
        let (mut question, mut answer) = (Array2::zeros((samples, 3)), Array2::zeros((samples, 1)));
        for i in 0..samples {
            let mut at = [None; PEOPLE.len()];
            for t in 0..2 * (1 + random(5)) {
                let (who, place) = (random(PEOPLE.len()), random(PLACES.len()));
                let words = [PEOPLE[who], VERBS[random(VERBS.len())], "to", "the", PLACES[place]];
                words.iter().enumerate().for_each(|(w, word)| story[[i, t, w]] = dictionary.number(word));
                at[who] = Some(PLACES[place]);
            }
            let known: Vec<usize> = (0..PEOPLE.len()).filter(|&who| at[who].is_some()).collect();
            let who = known[random(known.len())];
            let words = ["Where", "is", PEOPLE[who]];
            words.iter().enumerate().for_each(|(w, word)| question[[i, w]] = dictionary.number(word));
            answer[[i, 0]] = dictionary.number(at[who].expect("it is known"));
        }
        Stories { story, question, answer }
    }
}

/// Trains a network, and tells its accuracy on new stories.
fn train(epochs: usize, seed: usize, verbose: Verbose) -> Result<(impl Model, Stories, f64)> {
    let mut state = 2 * seed as u64 + 1;
    let mut random = move |n: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % n
    };
    let (known, new) = (Stories::new(10_000, &mut random), Stories::new(1000, &mut random));
    let optimizer = Adam { learning_rate: 0.003, ..Adam::default() };
    let mut model =
        MemoryNetwork::new(seed as u64).compile(optimizer, SparseCategoricalCrossentropy, [Accuracy]);
    let settings = Fit { epochs, batch_size: 64, verbose, ..Fit::default() };
    model.fit((&known.story, &known.question), &known.answer, settings)?;
    let score = model.evaluate((&new.story, &new.question), &new.answer)?;
    let accuracy = score.get("accuracy").expect("it is measured");
    Ok((model.into_model(), new, accuracy))
}

fn main() -> Result<()> {
    let mut args = std::env::args().skip(1).filter_map(|arg| arg.parse().ok());
    let (epochs, seed) = (args.next().unwrap_or(15), args.next().unwrap_or(1));
    let (mut model, new, accuracy) = train(epochs, seed, Verbose::Auto)?;
    println!("new stories: accuracy {accuracy:.4}");

    let dictionary = Dictionary::new();
    let answers = model.predict_classes((&new.story, &new.question))?;
    for (i, answer) in answers.iter().enumerate().take(3) {
        let text = |words: ArrayView1<u8>| {
            words.iter().map(|&word| dictionary.word(word.into())).collect::<Vec<_>>().join(" ")
        };
        println!();
        for sentence in new.story.index_axis(Axis(0), i).outer_iter().filter(|sentence| sentence[0] > 0) {
            println!("{}.", text(sentence));
        }
        println!("{}? {}", text(new.question.row(i)), dictionary.word(*answer));
    }
    Ok(())
}

#[test]
fn it_finds_people() {
    let (_, _, accuracy) = train(10, 1, Verbose::Silent).expect("the data fit");
    assert!(accuracy > 0.95, "{accuracy}");
}
