//! What was asked for on the command line.

use std::path::PathBuf;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Store {
    Postgres,
    Sqlite,
}

impl Store {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Postgres => "PostgreSQL",
            Self::Sqlite => "SQLite",
        }
    }
}

const USAGE: &str = "usage: bench-pages [--store postgres|sqlite] [--rows N] [--stock N] [--repeat N] [--url URL] \
                     [--json FILE] [PART OF A NAME]...\n\
                     --url takes a database that an earlier run has filled, and leaves it";

pub(crate) struct Options {
    pub(crate) store: Store,
    /// Orders.
    pub(crate) rows: u64,
    /// Stock records.
    pub(crate) stock: u64,
    /// How often each page is asked for.
    pub(crate) repeat: usize,
    /// A filled database; none: a new one.
    pub(crate) url: Option<String>,
    pub(crate) json: Option<PathBuf>,
    /// Parts that the name of a measured page has.
    pub(crate) only: Vec<String>,
}

impl Options {
    pub(crate) fn read() -> Self {
        let mut read = Self {
            store: Store::Postgres,
            rows: 1_000_000,
            stock: 1_000_000,
            repeat: 7,
            url: None,
            json: None,
            only: Vec::new(),
        };
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().expect(USAGE);
            match argument.as_str() {
                // Cargo itself adds this one.
                "--bench" => {}
                "--store" => match value().as_str() {
                    "postgres" => read.store = Store::Postgres,
                    "sqlite" => read.store = Store::Sqlite,
                    _ => panic!("{USAGE}"),
                },
                "--rows" => read.rows = value().parse().expect(USAGE),
                "--stock" => read.stock = value().parse().expect(USAGE),
                "--repeat" => read.repeat = value().parse().expect(USAGE),
                "--url" => {
                    let url = value();
                    read.store = if url.starts_with("sqlite:") { Store::Sqlite } else { Store::Postgres };
                    read.url = Some(url);
                }
                "--json" => read.json = Some(value().into()),
                part if !part.starts_with('-') => read.only.push(part.to_owned()),
                _ => panic!("{USAGE}"),
            }
        }
        read
    }
}
