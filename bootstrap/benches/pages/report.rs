//! What was measured, in Markdown and JSON, and whether it is fast enough.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::Duration;

use serde_json::{Value, json};

use crate::ask::Asked;
use crate::options::Options;

const LISTS: [&str; 5] = ["orders", "causes", "stock", "audit", "runs"];
const LIST_P95: Duration = Duration::from_millis(20);
const LIST_P99: Duration = Duration::from_millis(50);
const OVERVIEW: Duration = Duration::from_millis(50);
const BYTES: usize = 100_000;
/// Requests that are named.
const SLOWEST: usize = 30;

/// A part of the answers, and its figures.
struct Figures {
    what: String,
    requests: usize,
    answers: usize,
    p50: Duration,
    p95: Duration,
    p99: Duration,
    max: Duration,
    bytes: usize,
}

impl Figures {
    fn of(what: &str, asked: &[&Asked]) -> Self {
        let mut times: Vec<Duration> = asked.iter().map(|asked| asked.took).collect();
        times.sort_unstable();
        let mut paths: Vec<&str> = asked.iter().map(|asked| asked.path.as_str()).collect();
        paths.sort_unstable();
        paths.dedup();
        Self {
            what: what.to_owned(),
            requests: paths.len(),
            answers: times.len(),
            p50: percentile(&times, 50),
            p95: percentile(&times, 95),
            p99: percentile(&times, 99),
            max: times.last().copied().unwrap_or_default(),
            bytes: asked.iter().map(|asked| asked.bytes).max().unwrap_or_default(),
        }
    }

    fn line(&self) -> String {
        let Self { what, requests, answers, .. } = self;
        let times = [self.p50, self.p95, self.p99, self.max].map(ms).join(" | ");
        format!("| {what} | {requests} | {answers} | {times} | {:.1} |", kilobytes(self.bytes))
    }

    fn json(&self) -> Value {
        let [p50, p95, p99, max] = [self.p50, self.p95, self.p99, self.max].map(|time| time.as_secs_f64() * 1000.0);
        json!({
            "what": self.what, "requests": self.requests, "answers": self.answers,
            "p50_ms": p50, "p95_ms": p95, "p99_ms": p99, "max_ms": max, "bytes": self.bytes,
        })
    }
}

fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or_default()
}

fn ms(time: Duration) -> String {
    format!("{:.1}", time.as_secs_f64() * 1000.0)
}

fn kilobytes(bytes: usize) -> f64 {
    f64::from(u32::try_from(bytes).unwrap_or(u32::MAX)) / 1000.0
}

/// Prints the tables, writes the JSON, and answers whether the goals are met.
pub(crate) fn tell(options: &Options, asked: &[Asked]) -> ExitCode {
    let named = |what: &str, of: &dyn Fn(&Asked) -> bool| {
        Figures::of(what, &asked.iter().filter(|asked| of(asked)).collect::<Vec<_>>())
    };
    let in_list = |asked: &Asked| LISTS.contains(&asked.page);
    let lists = named("all lists", &in_list);
    let overview = named("overview, read anew", &|asked| asked.name == "overview · fresh");
    let mut figures = vec![named("all lists", &in_list)];
    for depth in ["first", "middle", "last"] {
        let end = format!("· {depth}");
        figures.push(named(&format!("all lists, {depth} page"), &|asked| in_list(asked) && asked.name.ends_with(&end)));
    }
    let mut pages: Vec<&str> = asked.iter().map(|asked| asked.page).collect();
    pages.sort_unstable();
    pages.dedup();
    for page in pages {
        figures.push(named(page, &|asked| asked.page == page && asked.name != "overview · fresh"));
    }
    figures.push(named("overview, read anew", &|asked| asked.name == "overview · fresh"));
    figures.retain(|figures| figures.answers > 0);

    println!("# Pages with {} orders and {} stock records in {}\n", options.rows, options.stock, options.store.name());
    println!(
        "HTTP time to the last byte in milliseconds, packed by gzip, {} answers a request, one after the other.\n",
        options.repeat
    );
    println!("| pages | requests | answers | p50 | p95 | p99 | max | largest, kB |\n|---|---|---|---|---|---|---|---|");
    for figures in &figures {
        println!("{}", figures.line());
    }
    let slowest = slowest(asked);
    println!("\n| slowest requests | fastest | median | max | kB |\n|---|---|---|---|---|");
    for (name, [fastest, median, max], bytes) in slowest.iter().take(SLOWEST) {
        println!("| {name} | {} | {} | {} | {:.1} |", ms(*fastest), ms(*median), ms(*max), kilobytes(*bytes));
    }
    let goals = [
        ("lists: p95 at most 20 ms", lists.p95 <= LIST_P95),
        ("lists: p99 at most 50 ms", lists.p99 <= LIST_P99),
        ("overview: at most 50 ms", overview.p95 <= OVERVIEW),
        ("every page: at most 100 kB", asked.iter().all(|asked| asked.bytes <= BYTES)),
    ];
    println!();
    for (goal, met) in goals {
        println!("- {}: {goal}", if met { "met" } else { "MISSED" });
    }
    if let Some(file) = &options.json {
        let slowest: Vec<Value> = slowest
            .iter()
            .map(|(name, times, bytes)| {
                let [fastest, median, max] = times.map(|time| time.as_secs_f64() * 1000.0);
                json!({"name": name, "min_ms": fastest, "median_ms": median, "max_ms": max, "bytes": bytes})
            })
            .collect();
        let whole = json!({
            "store": options.store.name(), "orders": options.rows, "stock_records": options.stock,
            "pages": figures.iter().map(Figures::json).collect::<Vec<_>>(),
            "goals": goals.map(|(goal, met)| json!({"goal": goal, "met": met})),
            "requests": slowest,
        });
        std::fs::write(file, format!("{whole:#}\n")).expect("the file can be written");
    }
    if goals.iter().all(|(_, met)| *met) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Name, times (fastest, median, slowest) and bytes of each request, the slowest by its median first.
fn slowest(asked: &[Asked]) -> Vec<(String, [Duration; 3], usize)> {
    let mut by_name: BTreeMap<(&str, &str), Vec<&Asked>> = BTreeMap::new();
    for asked in asked {
        by_name.entry((asked.page, &asked.name)).or_default().push(asked);
    }
    let mut slowest: Vec<_> = by_name
        .into_iter()
        .map(|((_, name), asked)| {
            let mut times: Vec<Duration> = asked.iter().map(|asked| asked.took).collect();
            times.sort_unstable();
            let bytes = asked.iter().map(|asked| asked.bytes).max().unwrap_or_default();
            (name.to_owned(), [times[0], times[times.len() / 2], times[times.len() - 1]], bytes)
        })
        .collect();
    slowest.sort_by_key(|(_, [_, median, _], _)| std::cmp::Reverse(*median));
    slowest
}
