//! The runs of a job as small bars: height is duration, colour is result.

use std::fmt::Write as _;

use ipass_core::ports::RunRecord;

use crate::desk::show::escaped;
use crate::desk::{Html, Page};
use crate::pages::runs::{duration, run_path, state_words};
use crate::text::jobs as t;

/// Units of the picture.
const HEIGHT: u64 = 24;
const STEP: usize = 7;

/// The newest runs, oldest on the left; each leads to its run. Whoever uses the keyboard has the list.
pub(super) fn bars(page: &Page, runs: &[RunRecord]) -> Html {
    if runs.is_empty() {
        return Html(String::new());
    }
    let length = |run: &RunRecord| {
        let end = run.finished_at.unwrap_or(page.now);
        u64::try_from((end - run.started_at).num_milliseconds()).unwrap_or_default()
    };
    let longest = runs.iter().map(length).max().unwrap_or_default().max(1);
    let bad = runs.iter().filter(|run| matches!(run.state.as_str(), "failed" | "interrupted")).count();
    let width = runs.len() * STEP;
    let mut html = format!(
        r#"<svg class="bars runs" width="{width}" height="{HEIGHT}" viewBox="0 0 {width} {HEIGHT}" role="group" aria-label="{}">"#,
        escaped(&page.t2(t::HISTORY_OF, runs.len(), bad))
    );
    for (at, run) in runs.iter().rev().enumerate() {
        let height = height(length(run), longest);
        let (state, took) = (state_words(page, &run.state), duration(page, run));
        let title = format!("{} · {state} · {took}", page.time(&run.started_at));
        let class = match run.state.as_str() {
            "done" => "done",
            "running" => "running",
            _ => "warn",
        };
        let _ = write!(
            html,
            r#"<a href="{}" tabindex="-1"><title>{}</title><rect class="hit" x="{x}" y="0" width="{STEP}" height="{HEIGHT}"/><rect class="{class}" x="{x}" y="{y}" width="5" height="{height}"/></a>"#,
            escaped(&page.href(&run_path(&run.run_id))),
            escaped(&title),
            x = at * STEP,
            y = HEIGHT - height,
        );
    }
    html.push_str("</svg>");
    Html(html)
}

/// Never nothing: a run that took no time is still there.
fn height(length: u64, longest: u64) -> u64 {
    let part = (u128::from(length) * u128::from(HEIGHT)).div_ceil(u128::from(longest.max(1)));
    u64::try_from(part).unwrap_or(HEIGHT).clamp(2, HEIGHT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_as_high_as_its_run_was_long_and_never_invisible() {
        assert_eq!([height(0, 10), height(5, 10), height(10, 10), height(u64::MAX, u64::MAX)], [2, 12, 24, 24]);
    }
}
