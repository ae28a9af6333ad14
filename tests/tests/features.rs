//! Columns of a table as numbers, against Keras's `FeatureSpace`.

#[path = "keras/fixture.rs"]
#[allow(dead_code)]
mod fixture;

use fixture::{Fixture, assert_close};
use keras_runtime::Error;
use keras_runtime::prelude::*;
use keras_runtime::preprocessing::features::{Column, Feature, FeatureSpace};

/// The table of the fixture.
struct Data {
    fixture: Fixture,
    grade: Vec<i64>,
    code: Vec<i64>,
    city: Vec<String>,
    street: Vec<String>,
}

impl Data {
    fn load() -> Data {
        let fixture = Fixture::load("features");
        let integers = |name: &str| fixture.get(name).iter().map(|n| *n as i64).collect::<Vec<_>>();
        let texts =
            |name: &str, of: &str| integers(name).iter().map(|n| format!("{of}{n}")).collect::<Vec<_>>();
        let (grade, code) = (integers("grade"), integers("code"));
        let (city, street) = (texts("cities", "city"), texts("streets", "street"));
        Data { fixture, grade, code, city, street }
    }

    fn numbers(&self, name: &str) -> Vec<f32> {
        self.fixture.get(name).iter().copied().collect()
    }
}

fn whole() -> FeatureSpace {
    FeatureSpace::new([
        ("age", Feature::float_normalized()),
        ("income", Feature::float_discretized(7)),
        ("height", Feature::float_rescaled(0.01, -1.0)),
        ("score", Feature::float()),
        ("grade", Feature::integer_categorical().tokens(Some(5), 2)),
        ("code", Feature::integer_hashed(11)),
        ("city", Feature::string_categorical()),
        ("street", Feature::string_hashed(6)),
    ])
    .cross(&["city", "income"], 13)
    .cross(&["grade", "code"], 9)
}

#[test]
fn as_keras_does() -> Result<()> {
    let data = Data::load();
    let [age, income, height, score] = ["age", "income", "height", "score"].map(|name| data.numbers(name));
    let city: Vec<&str> = data.city.iter().map(String::as_str).collect();
    let street: Vec<&str> = data.street.iter().map(String::as_str).collect();
    let mut table = [
        ("age", Column::Numbers(&age)),
        ("income", Column::Numbers(&income)),
        ("height", Column::Numbers(&height)),
        ("score", Column::Numbers(&score)),
        ("grade", Column::Integers(&data.grade)),
        ("code", Column::Integers(&data.code)),
        ("city", Column::Text(&city)),
        ("street", Column::Text(&street)),
    ];
    let mut space = whole();
    space.adapt(&table)?;
    assert_close("all", &space.transform(&table)?.into_dyn(), &data.fixture.get("all").to_owned(), 1e-5);
    // What it has not seen, and again after it has learnt the same once more.
    let mut new_city = city.clone();
    new_city.rotate_right(3);
    new_city[..5].fill("elsewhere");
    let new_grade: Vec<i64> = data.grade.iter().map(|grade| grade + 1).collect();
    space.adapt(&table)?;
    table[4].1 = Column::Integers(&new_grade);
    table[6].1 = Column::Text(&new_city);
    assert_close("fresh", &space.transform(&table)?.into_dyn(), &data.fixture.get("fresh").to_owned(), 1e-5);
    Ok(())
}

#[test]
fn numbers_of_categories_by_themselves() -> Result<()> {
    let data = Data::load();
    let income = data.numbers("income");
    let city: Vec<&str> = data.city.iter().map(String::as_str).collect();
    let table = [("city", Column::Text(&city)), ("income", Column::Numbers(&income))];
    let features =
        [("city", Feature::string_categorical().int()), ("income", Feature::float_discretized(4).int())];
    let mut space = FeatureSpace::new(features).cross_int(&["city", "income"], 16);
    space.adapt(&table)?;
    let columns = space.columns(&table)?;
    assert_eq!(
        columns.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(),
        ["city", "income", "city_X_income"]
    );
    for (name, column) in columns {
        assert_close(&name, &column.into_dyn(), &data.fixture.get(&format!("int/{name}")).to_owned(), 1e-6);
    }
    assert!(space.transform(&table).unwrap_err().to_string().contains("`city`"));
    Ok(())
}

#[test]
fn what_is_wrong_is_said() -> Result<()> {
    let (age, city) = ([1.0, 2.0], ["a", "b"]);
    let table = [("age", Column::Numbers(&age)), ("city", Column::Text(&city))];
    let says = |result: Result<ndarray::Array2<f32>>, words: &[&str]| {
        let error: Error = result.expect_err("it is wrong");
        for word in words {
            assert!(error.to_string().contains(word), "{error}");
        }
    };
    says(
        FeatureSpace::new([("city", Feature::string_categorical())]).transform(&table),
        &["adapt", "`city`"],
    );
    says(FeatureSpace::new([("town", Feature::string_hashed(3))]).transform(&table), &["town", "age, city"]);
    says(FeatureSpace::new([("city", Feature::float())]).transform(&table), &["numbers", "`city`", "texts"]);
    says(
        FeatureSpace::new([("age", Feature::integer_hashed(3))]).transform(&table),
        &["whole numbers", "`age`"],
    );
    says(
        FeatureSpace::new([("age", Feature::float()), ("city", Feature::string_hashed(4))])
            .cross(&["age", "city"], 3)
            .transform(&table),
        &["categories", "`age`"],
    );
    says(
        FeatureSpace::new([("city", Feature::string_hashed(4))])
            .cross(&["city", "town"], 3)
            .transform(&table),
        &["town"],
    );
    says(FeatureSpace::new([]).transform(&table), &["at least one"]);
    let short = [("age", Column::Numbers(&age)), ("city", Column::Text(&city[..1]))];
    says(FeatureSpace::new([("city", Feature::string_hashed(4))]).transform(&short), &["city", "age"]);
    Ok(())
}
