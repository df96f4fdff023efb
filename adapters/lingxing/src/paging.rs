//! Reading a list to its end, or not at all.

use std::collections::HashSet;
use std::future::Future;

use ipass_core::ports::PortError;

use crate::dto::Page;

/// Readings of one list before it counts as unreadable.
const READINGS: usize = 3;

/// No question of ours has so many pages; a list that never ends has.
const MAX_PAGES: usize = 100;

/// All rows of a list, each once, in the vendor's order.
///
/// Paging is not stable at the vendor while orders change (observed: the total moves, rows repeat or
/// are missed). A total that changes between pages, or is not reached by different rows, makes the
/// whole list be read again; after three readings it is an error. A row that one page holds twice is
/// the vendor's own repetition, which its total counts: a page is one answer, nothing moves within.
///
/// `fetch` gets the page's index, from 0; `length` is the number of rows of a full page; `key` tells rows apart.
pub(crate) async fn all_rows<T, F, Answer, K>(call: &str, length: usize, fetch: F, key: K) -> Result<Vec<T>, PortError>
where
    F: Fn(usize) -> Answer,
    Answer: Future<Output = Result<Page<T>, PortError>>,
    K: Fn(&T) -> Option<String>,
{
    for _ in 0..READINGS {
        if let Some(rows) = reading(length, &fetch, &key).await? {
            return Ok(rows);
        }
    }
    Err(PortError::retryable(format!("{call}: the list keeps changing while it is read")))
}

/// One reading; `None` when its pages do not fit together.
async fn reading<T, F, Answer, K>(length: usize, fetch: &F, key: &K) -> Result<Option<Vec<T>>, PortError>
where
    F: Fn(usize) -> Answer,
    Answer: Future<Output = Result<Page<T>, PortError>>,
    K: Fn(&T) -> Option<String>,
{
    let (mut rows, mut seen, mut total) = (Vec::new(), HashSet::new(), None);
    let mut n_repeated = 0;
    for index in 0..MAX_PAGES {
        let page = fetch(index).await?;
        if index > 0 && page.total != total {
            return Ok(None);
        }
        total = page.total;
        let (n_rows, n_before) = (page.rows.len(), index * length);
        let mut of_page = HashSet::new();
        for row in page.rows {
            let key = key(&row);
            let repeated = key.clone().is_some_and(|key| !of_page.insert(key));
            n_repeated += usize::from(repeated);
            if !repeated && key.is_none_or(|key| seen.insert(key)) {
                rows.push(row);
            }
        }
        // A total below what came already is no total to stop by.
        let all_seen = total.is_some_and(|total| n_before + n_rows == total);
        if n_rows < length || all_seen {
            let complete = total.is_none_or(|total| rows.len() + n_repeated >= total);
            return Ok(complete.then_some(rows));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    type Script = Vec<(Vec<&'static str>, Option<usize>)>;

    /// Reads the scripted pages of length 2 and tells which indexes were asked for.
    async fn read(script: Script) -> (Result<Vec<String>, PortError>, Vec<usize>) {
        let (pages, asked) = (Mutex::new(script.into_iter()), Mutex::new(Vec::new()));
        let fetch = |index| {
            asked.lock().unwrap().push(index);
            let (rows, total) = pages.lock().unwrap().next().unwrap();
            let rows = rows.into_iter().map(str::to_owned).collect();
            std::future::ready(Ok(Page { rows, total }))
        };
        let rows = all_rows("POST /list", 2, fetch, |row: &String| Some(row.clone())).await;
        (rows, asked.into_inner().unwrap())
    }

    #[tokio::test]
    async fn pages_are_read_until_one_is_short() {
        let (rows, asked) = read(vec![(vec!["a", "b"], None), (vec!["c"], None)]).await;
        assert_eq!(rows.unwrap(), ["a", "b", "c"]);
        assert_eq!(asked, [0, 1]);
    }

    #[tokio::test]
    async fn a_full_last_page_ends_by_the_total() {
        let (rows, asked) = read(vec![(vec!["a", "b"], Some(2))]).await;
        assert_eq!((rows.unwrap().len(), asked), (2, vec![0]));
    }

    #[tokio::test]
    async fn a_row_that_one_page_holds_twice_counts_for_the_total_and_one_of_two_pages_does_not() {
        let (rows, asked) = read(vec![(vec!["a", "a"], Some(3)), (vec!["b"], Some(3))]).await;
        assert_eq!((rows.unwrap(), asked), (vec!["a".to_owned(), "b".to_owned()], vec![0, 1]));
        let moved = || [(vec!["a", "b"], Some(3)), (vec!["b"], Some(3))];
        let (rows, asked) = read([moved(), moved(), moved()].concat()).await;
        assert!(rows.is_err());
        assert_eq!(asked, [0, 1, 0, 1, 0, 1]);
    }

    #[tokio::test]
    async fn a_total_below_the_rows_does_not_end_it() {
        let (rows, asked) = read(vec![(vec!["a", "b"], Some(0)), (vec!["c"], Some(0))]).await;
        assert_eq!((rows.unwrap().len(), asked), (3, vec![0, 1]));
    }

    #[tokio::test]
    async fn a_changed_total_and_a_repeated_row_make_it_read_again() {
        let (rows, asked) = read(vec![
            (vec!["a", "b"], Some(3)),
            (vec!["c", "d"], Some(4)),
            (vec!["a", "b"], Some(4)),
            (vec!["b", "c"], Some(4)),
            (vec!["a", "b"], Some(4)),
            (vec!["c", "d"], Some(4)),
        ])
        .await;
        assert_eq!(rows.unwrap(), ["a", "b", "c", "d"]);
        assert_eq!(asked, [0, 1, 0, 1, 0, 1]);
    }

    #[tokio::test]
    async fn a_page_shorter_than_its_own_total_is_never_taken_as_complete() {
        let (rows, asked) = read(vec![(vec!["a"], Some(2)), (vec![], Some(2)), (vec!["b"], Some(2))]).await;
        assert!(rows.is_err());
        assert_eq!(asked, [0, 0, 0]);
    }
}
