//! Faults that are no remote call's, and the tests that cover them.

use std::path::Path;

pub(crate) struct Elsewhere {
    pub(crate) fault: &'static str,
    pub(crate) end: &'static str,
    /// Files below the workspace, each with the name of a test in it; none where nothing covers it.
    pub(crate) tests: &'static [(&'static str, &'static str)],
}

pub(crate) const ELSEWHERE: [Elsewhere; 9] = [
    Elsewhere {
        fault: "the database goes away at any point of a job, and comes back",
        end: "the run fails; the next one reads back what was open, and everything is done once",
        tests: &[(
            "contract-tests/tests/order_loop/matrix/database.rs",
            "a_store_that_fails_at_any_point_of_any_job_repeats_nothing",
        )],
    },
    Elsewhere {
        fault: "the process dies at any point",
        end: "the same",
        tests: &[
            ("bootstrap/tests/crash.rs", "a_crash_at_any_point_loses_and_repeats_nothing_on_sqlite"),
            ("bootstrap/tests/crash.rs", "a_crash_at_any_point_loses_and_repeats_nothing_on_postgres"),
        ],
    },
    Elsewhere {
        fault: "the database's connection that holds a lock is lost",
        end: "the lock is free; the run that held it is fenced off",
        tests: &[("contract-tests/tests/postgres.rs", "a_lost_lock_connection_frees_the_run")],
    },
    Elsewhere {
        fault: "the store of shared limits is down",
        end: "each instance keeps its own token and limits",
        tests: &[("contract-tests/tests/lingxing/sharing.rs", "while_the_store_is_down_each_keeps_its_own")],
    },
    Elsewhere {
        fault: "disk full during an export",
        end: "an error that says so, and no half file",
        tests: &[
            ("adapters/files/src/csv_file/tests.rs", "a_full_disk_ends_the_rows_and_leaves_nothing"),
            (
                "adapters/files/src/csv_file/tests.rs",
                "a_disk_that_is_full_at_the_very_end_or_at_the_start_is_an_error_too",
            ),
        ],
    },
    Elsewhere {
        fault: "settings saved in mid-run",
        end: "the run keeps its version; the next one has the new one",
        tests: &[("bootstrap/tests/service/hot_settings.rs", "a_hundred_saves_leave_each_run_with_one_whole_version")],
    },
    Elsewhere {
        fault: "two instances on one database",
        end: "one run of a job at a time; no order is worked on twice",
        tests: &[
            ("contract-tests/tests/postgres.rs", "two_instances_share_locks_and_orders"),
            ("bootstrap/tests/instances.rs", "a_killed_and_a_frozen_instance_lose_and_repeat_nothing"),
        ],
    },
    Elsewhere {
        fault: "an instance frozen for longer than its lease, and woken",
        end: "it is fenced off and sends nothing more",
        tests: &[
            ("contract-tests/tests/postgres.rs", "a_frozen_holder_is_cut_off_once_its_lease_has_run_out"),
            ("contract-tests/tests/sqlite.rs", "a_frozen_run_is_fenced_off_once_its_lease_has_run_out"),
            ("bootstrap/tests/instances.rs", "a_killed_and_a_frozen_instance_lose_and_repeat_nothing"),
        ],
    },
    Elsewhere {
        fault: "a database that is slow, or whose pool is used up",
        end: "whoever needs it waits, and is told after a while; nothing is sent before its intent is committed",
        tests: &[
            (
                "bootstrap/tests/service/slow_database.rs",
                "a_run_whose_database_stands_still_sends_nothing_and_goes_on_afterwards",
            ),
            (
                "bootstrap/tests/service/slow_database.rs",
                "a_used_up_pool_is_told_as_a_store_that_does_not_answer_and_recovers",
            ),
        ],
    },
];

impl Elsewhere {
    /// Tests that are named here and are not there.
    pub(crate) fn lacking(&self) -> Vec<&'static str> {
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
        let there = |(file, name): &&(&str, &'static str)| {
            let source = std::fs::read_to_string(workspace.join(file)).unwrap_or_default();
            source.contains(&format!("fn {name}("))
        };
        self.tests.iter().filter(|test| !there(test)).map(|(_, name)| *name).collect()
    }
}
