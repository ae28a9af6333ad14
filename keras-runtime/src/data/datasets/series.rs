//! Series of time, which this project's repository holds in `examples/data/tabular`.

use std::path::Path;

use ndarray::Array2;

use super::store::{Store, format_error, read_text};
use crate::error::{Error, Result};

/// The weather at an airport, hour by hour.
#[derive(Debug, Clone, PartialEq)]
pub struct Weather {
    /// When each row was measured, such as `2013-01-01T06:00:00Z`. Some hours are missing.
    pub times: Vec<String>,
    /// Names of the columns.
    pub names: Vec<String>,
    /// `[hours, 9]`: temperature and dew point (°F), humidity (%), direction (°), speed and gusts of the wind (mph), rain
    /// (inches), pressure (mbar), visibility (miles). What was not measured is NaN.
    pub values: Array2<f32>,
}

/// Births in the United States, day by day from 1969 to 1988.
#[derive(Debug, Clone, PartialEq)]
pub struct Births {
    /// Year, month, day of the month, and day of the week (1 is Monday) of each row.
    pub dates: Vec<[u16; 4]>,
    /// How many were born.
    pub births: Vec<f32>,
}

/// The weather of the year 2013 at an airport of New York: `EWR`, `JFK` or `LGA`.
///
/// # Errors
/// When `nyc_weather_2013.csv`, gzipped or not, is nowhere, or is not what it should be; when there is no such airport.
pub fn nyc_weather(airport: &str) -> Result<Weather> {
    Store::default().nyc_weather(airport)
}

/// Births in the United States.
///
/// # Errors
/// When `us_births_1969_1988.csv`, gzipped or not, is nowhere, or is not what it should be.
pub fn us_births() -> Result<Births> {
    Store::default().us_births()
}

/// Columns of the weather's table that are measures, and its column of times.
const MEASURES: std::ops::Range<usize> = 5..14;
const TIME: usize = 14;

impl Store {
    /// [`nyc_weather`] of this store.
    ///
    /// # Errors
    /// As [`nyc_weather`].
    pub fn nyc_weather(&self, airport: &str) -> Result<Weather> {
        let path = self.tabular(["nyc_weather_2013.csv", "nyc_weather_2013.csv.gz"])?;
        let text = read_text(&path)?;
        let mut lines = lines(&path, &text, TIME + 1);
        let header = lines.next().ok_or_else(|| format_error(&path, "holds no rows"))??.1;
        let names = header[MEASURES].iter().map(ToString::to_string).collect();
        let (mut times, mut words, mut airports) = (vec![], vec![], vec![]);
        for line in lines {
            let (number, fields) = line?;
            if !airports.contains(&fields[0]) {
                airports.push(fields[0]);
            }
            if fields[0] != airport {
                continue;
            }
            times.push(fields[TIME].to_string());
            for field in &fields[MEASURES] {
                let value = if *field == "NA" { Some(f32::NAN) } else { field.parse().ok() };
                words.push(value.ok_or_else(|| no_number(&path, number, field))?);
            }
        }
        if times.is_empty() {
            let known = airports.join(", ");
            return Err(Error::Unknown { kind: "airport", name: airport.into(), known });
        }
        let values = Array2::from_shape_vec((times.len(), MEASURES.len()), words);
        Ok(Weather { times, names, values: values.map_err(|error| format_error(&path, error))? })
    }

    /// [`us_births`] of this store.
    ///
    /// # Errors
    /// As [`us_births`].
    pub fn us_births(&self) -> Result<Births> {
        let path = self.tabular(["us_births_1969_1988.csv", "us_births_1969_1988.csv.gz"])?;
        let text = read_text(&path)?;
        let (mut dates, mut births) = (vec![], vec![]);
        for line in lines(&path, &text, 5).skip(1) {
            let (number, fields) = line?;
            let part = |i: usize| fields[i].parse::<u16>().map_err(|_| no_number(&path, number, fields[i]));
            dates.push([part(0)?, part(1)?, part(2)?, part(3)?]);
            births.push(part(4)?.into());
        }
        Ok(Births { dates, births })
    }
}

/// The fields of each line, of which there are so many, and its number.
fn lines<'a>(
    path: &'a Path,
    text: &'a str,
    fields: usize,
) -> impl Iterator<Item = Result<(usize, Vec<&'a str>)>> {
    text.lines().enumerate().map(move |(i, line)| {
        let found: Vec<&str> = line.split(',').collect();
        match found.len() == fields {
            true => Ok((i + 1, found)),
            false => {
                let problem = format!("line {}: {} fields instead of {fields}", i + 1, found.len());
                Err(format_error(path, problem))
            }
        }
    })
}

fn no_number(path: &Path, line: usize, field: &str) -> Error {
    format_error(path, format!("line {line}: `{field}` is no number"))
}
