use crate::ports::{FileArea, OwnFile};
use crate::run::{CleanupCounts, Fact, RunContext, RunError};

/// Removes export files, the oldest first, until the directory is below its threshold. A directory that
/// holds anything that the service did not write is refused; a file that is being written stays.
pub async fn cleanup_exports(ctx: &RunContext<'_>, files: &dyn FileArea) -> Result<(), RunError> {
    ctx.tell(|report| report.cleanup = Some(CleanupCounts::default()));
    let refuse = |error: crate::ports::FileError| RunError::Files(error.0);
    let mut own = files.own_files().await.map_err(refuse)?;
    own.sort_by(|a, b| (a.modified, &a.path).cmp(&(b.modified, &b.path)));
    let mut total: u64 = own.iter().map(|file| file.size).sum();
    let mut counts = CleanupCounts { files: own.len() as u64, bytes: total, ..CleanupCounts::default() };
    for OwnFile { path, size, .. } in own.into_iter().filter(|file| !file.busy) {
        if total <= files.threshold() || ctx.watch.stopping() {
            break;
        }
        if !ctx.dry_run {
            files.remove(&path).await.map_err(refuse)?;
            tracing::info!(file = path, bytes = size, "old export removed");
            ctx.log(Fact::Removed, [path.clone(), size.to_string()]);
        }
        total -= size;
        counts.removed += 1;
        counts.removed_bytes += size;
        ctx.tell(|report| report.cleanup = Some(counts));
    }
    ctx.tell(|report| report.cleanup = Some(counts));
    Ok(())
}

#[cfg(test)]
mod tests {
    use chrono::{Duration, TimeZone as _, Utc};
    use mockall::predicate::eq;

    use super::*;
    use crate::job::Job;
    use crate::ports::MockFileArea;
    use crate::settings::Settings;
    use crate::testing::{ManualClock, context};

    fn file(path: &str, age_hours: i64, size: u64, busy: bool) -> OwnFile {
        let now = Utc.timestamp_opt(1_769_590_800, 0).unwrap();
        OwnFile { path: path.to_owned(), size, modified: now - Duration::hours(age_hours), busy }
    }

    #[tokio::test]
    async fn the_oldest_go_first_until_the_directory_is_small_enough() {
        let mut files = MockFileArea::new();
        files.expect_own_files().returning(|| {
            Ok(vec![
                file("new.csv", 1, 60, false),
                file("old.csv", 9, 30, false),
                file("older.csv.part", 10, 30, true),
                file("mid.csv", 5, 30, false),
            ])
        });
        files.expect_threshold().return_const(100_u64);
        files.expect_remove().with(eq("old.csv")).times(1).returning(|_| Ok(()));
        files.expect_remove().with(eq("mid.csv")).times(1).returning(|_| Ok(()));
        let (settings, clock) = (Settings::default(), ManualClock::default());
        let ctx = context(Job::CleanupExports, &settings, &clock);
        cleanup_exports(&ctx, &files).await.unwrap();
        let report = ctx.report.into_inner().unwrap();
        let told: Vec<(Fact, &str)> = report.log.lines().map(|line| (line.fact, &*line.values[0])).collect();
        assert_eq!(told, [(Fact::Removed, "old.csv"), (Fact::Removed, "mid.csv")]);
        let counts = report.cleanup.unwrap();
        assert_eq!((counts.files, counts.removed, counts.removed_bytes), (4, 2, 60));
    }
}
