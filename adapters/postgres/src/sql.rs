//! Statements whose values are kept apart from their text.

use std::fmt;

use chrono::{DateTime, SecondsFormat, Utc};
use ipass_core::ports::{StoreError, Stored};
use sqlx::{Postgres, QueryBuilder};

/// A statement in the making: its values are bound, or written as literals for the one statement that
/// takes none, `COPY`.
pub(crate) struct Sql(Vec<Part>);

enum Part {
    Text(String),
    Value(Value),
}

/// A value of a statement.
#[derive(Debug)]
pub(crate) enum Value {
    Text(String),
    Texts(Vec<String>),
    Time(DateTime<Utc>),
    Number(i64),
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Vec<String>> for Value {
    fn from(texts: Vec<String>) -> Self {
        Self::Texts(texts)
    }
}

impl From<DateTime<Utc>> for Value {
    fn from(time: DateTime<Utc>) -> Self {
        Self::Time(time)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl Sql {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(vec![Part::Text(text.into())])
    }

    /// Text of the program, never of anybody else.
    pub(crate) fn push(&mut self, text: impl Into<String>) -> &mut Self {
        self.0.push(Part::Text(text.into()));
        self
    }

    pub(crate) fn push_bind(&mut self, value: impl Into<Value>) -> &mut Self {
        self.0.push(Part::Value(value.into()));
        self
    }

    pub(crate) fn append(&mut self, other: Self) -> &mut Self {
        self.0.extend(other.0);
        self
    }

    /// What tells this statement from others: its text and its values.
    pub(crate) fn name(&self) -> String {
        use fmt::Write as _;
        let mut name = String::new();
        for part in &self.0 {
            // Writing to a text does not fail.
            let _ = match part {
                Part::Text(text) => name.write_str(text),
                Part::Value(value) => write!(name, "{value:?}"),
            };
        }
        name
    }

    /// The statement with its values bound.
    pub(crate) fn bound(self) -> QueryBuilder<Postgres> {
        let mut query = QueryBuilder::new("");
        for part in self.0 {
            match part {
                Part::Text(text) => query.push(text),
                Part::Value(Value::Text(text)) => query.push_bind(text),
                Part::Value(Value::Texts(texts)) => query.push_bind(texts),
                Part::Value(Value::Time(time)) => query.push_bind(time),
                Part::Value(Value::Number(number)) => query.push_bind(number),
            };
        }
        query
    }

    /// The statement with its values written in it; only for a connection with
    /// `standard_conforming_strings`.
    pub(crate) fn written(self) -> Stored<String> {
        let parts: Vec<String> = self.0.into_iter().map(Part::written).collect::<Stored<_>>()?;
        Ok(parts.concat())
    }
}

impl Part {
    fn written(self) -> Stored<String> {
        match self {
            Self::Text(text) => Ok(text),
            Self::Value(Value::Text(text)) => literal(&text),
            Self::Value(Value::Texts(texts)) => {
                let texts: Vec<String> = texts.iter().map(|text| literal(text)).collect::<Stored<_>>()?;
                Ok(format!("ARRAY[{}]::text[]", texts.join(", ")))
            }
            Self::Value(Value::Time(time)) => {
                Ok(format!("{}::timestamptz", literal(&time.to_rfc3339_opts(SecondsFormat::Micros, true))?))
            }
            Self::Value(Value::Number(number)) => Ok(format!("({number})")),
        }
    }
}

/// A text as a literal: with `standard_conforming_strings`, the quote is the one character that means
/// anything in it.
fn literal(text: &str) -> Stored<String> {
    if text.contains('\0') {
        return Err(StoreError::Conflict("a filter holds a zero character".to_owned()));
    }
    Ok(format!("'{}'", text.replace('\'', "''")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_doubled_and_backslashes_are_letters() {
        assert_eq!(literal("O'Neill").unwrap(), "'O''Neill'");
        assert_eq!(literal(r"\'; --").unwrap(), r"'\''; --'");
        assert_eq!(literal("'").unwrap(), "''''");
        assert!(literal("a\0b").is_err());
    }

    #[test]
    fn every_kind_of_value_is_written() {
        let mut sql = Sql::new("a = ");
        sql.push_bind("x'".to_owned()).push(" b = ").push_bind(vec!["y".to_owned(), "'".to_owned()]);
        sql.push(" c = ").push_bind(DateTime::from_timestamp_micros(1_500_000).unwrap()).push(" d = ").push_bind(-5);
        assert_eq!(
            sql.written().unwrap(),
            "a = 'x''' b = ARRAY['y', '''']::text[] c = '1970-01-01T00:00:01.500000Z'::timestamptz d = (-5)"
        );
    }
}
