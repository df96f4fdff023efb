-- A run's own log, beside its report: lists of runs read the report only.
ALTER TABLE job_run ADD COLUMN log text;
