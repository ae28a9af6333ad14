//! An end-to-end memory network (Sukhbaatar et al., 2015) answers questions on stories, as in task 1 of bAbI (Weston et al., 2015):
//! where is someone who has been told to go from place to place, among others who went elsewhere?
//!
//!     cargo run --release --example babi_memnn [-- epochs seed]

use keras_runtime::prelude::*;
use ndarray::{Array2, Array3};

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
fn stories(samples: usize, random: &mut impl FnMut(usize) -> usize) -> (Array3<u8>, Array2<u8>, Array2<u8>) {
    let dictionary = Dictionary::new();
    let mut story = Array3::zeros((samples, 10, 5));
    let (mut question, mut answer) = (Array2::zeros((samples, 3)), Array2::zeros((samples, 1)));
    for i in 0..samples {
        let mut at = [None; PEOPLE.len()];
        for t in 0..2 * (1 + random(5)) {
            let (who, place) = (random(PEOPLE.len()), random(PLACES.len()));
            let words = [PEOPLE[who], VERBS[random(VERBS.len())], "to", "the", PLACES[place]];
            for (w, word) in words.into_iter().enumerate() {
                story[[i, t, w]] = dictionary.number(word);
            }
            at[who] = Some(PLACES[place]);
        }
        let known: Vec<usize> = (0..PEOPLE.len()).filter(|&who| at[who].is_some()).collect();
        let who = known[random(known.len())];
        for (w, word) in ["Where", "is", PEOPLE[who]].into_iter().enumerate() {
            question[[i, w]] = dictionary.number(word);
        }
        answer[[i, 0]] = dictionary.number(at[who].expect("it is known"));
    }
    (story, question, answer)
}

fn main() -> Result<()> {
    let mut args = std::env::args().skip(1).filter_map(|arg| arg.parse().ok());
    let (epochs, seed) = (args.next().unwrap_or(30), args.next().unwrap_or(1));
    let mut state = 2 * seed as u64 + 1;
    let mut random = move |n: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % n
    };
    let (story, question, answer) = stories(10_000, &mut random);
    let (new_story, new_question, new_answer) = stories(1000, &mut random);
    let optimizer = Adam { learning_rate: 0.003, ..Adam::default() };
    let mut model =
        MemoryNetwork::new(seed as u64).compile(optimizer, SparseCategoricalCrossentropy, [Accuracy]);
    println!("{}", model.summary());
    model.fit((&story, &question), &answer, Fit { epochs, batch_size: 64, ..Fit::default() })?;
    let score = model.evaluate((&new_story, &new_question), &new_answer)?;
    println!("new stories: {score}");

    let dictionary = Dictionary::new();
    let answers = model.predict_classes((&new_story, &new_question))?;
    for i in 0..3 {
        let text = |words: ndarray::ArrayView1<u8>| {
            words.iter().map(|&word| dictionary.word(word.into())).collect::<Vec<_>>().join(" ")
        };
        println!();
        new_story
            .outer_iter()
            .nth(i)
            .expect("a story")
            .outer_iter()
            .map(text)
            .filter(|line| !line.trim().is_empty())
            .for_each(|line| println!("{line}."));
        println!("{}? {}", text(new_question.row(i)), dictionary.word(answers[i]));
    }
    Ok(())
}
