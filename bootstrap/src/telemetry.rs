//! Logs: JSON lines to a daily file and stdout, readable text on a terminal.

use std::io::IsTerminal as _;
use std::path::Path;

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};
use tracing_appender::rolling::{Builder, Rotation};
use tracing_subscriber::fmt::Layer;
use tracing_subscriber::fmt::format::{Format, Json, JsonFields};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _};

/// Days of log files that are kept.
const KEPT_FILES: usize = 14;

/// Keeps the log file's writer and the exporter of spans alive; dropping it flushes both.
pub(crate) struct Telemetry {
    _file: Option<WorkerGuard>,
    spans: Option<SdkTracerProvider>,
}

impl Drop for Telemetry {
    fn drop(&mut self) {
        if let Some(spans) = self.spans.take() {
            // It waits for its last batch, and must not do so on a thread of the runtime.
            let ended = std::thread::spawn(move || spans.shutdown()).join();
            if !matches!(ended, Ok(Ok(()))) {
                eprintln!("ipass: the last spans did not reach telemetry.otlp_endpoint");
            }
        }
    }
}

/// Sends spans to a collector in batches.
fn exporter(endpoint: &str) -> anyhow::Result<SdkTracerProvider> {
    let url = format!("{}/v1/traces", endpoint.trim_end_matches('/'));
    // The exporter builds its own client, before anybody else has chosen the cryptography. A second choice
    // is refused, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let exporter = SpanExporter::builder().with_http().with_endpoint(url).build().map_err(|error| {
        anyhow::anyhow!("configuration, telemetry.otlp_endpoint: {error}; use a URL like http://127.0.0.1:4318")
    })?;
    let service = Resource::builder().with_service_name("ipass").build();
    Ok(SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(service).build())
}

/// Spans of our own code, whatever the level of the logs.
fn ours() -> EnvFilter {
    EnvFilter::new("off,ipass=debug,ipass_core=debug,ipass_http_kit=debug,ipass_postgres=debug,ipass_sqlite=debug")
}

/// Where log lines go besides the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Console {
    /// To stdout: the service.
    Stdout,
    /// To stderr: commands, whose stdout is their answer.
    Stderr,
    /// Nowhere: the demo draws its own picture.
    Silent,
}

/// Below these levels the HTTP libraries would print URLs, and an ERP's URL holds its token.
const QUIETED: [&str; 6] = ["h2=warn", "hyper=warn", "hyper_util=warn", "reqwest=warn", "rustls=warn", "sqlx=warn"];

fn quieted(filter: EnvFilter) -> EnvFilter {
    QUIETED.iter().filter_map(|directive| directive.parse().ok()).fold(filter, EnvFilter::add_directive)
}

/// One JSON object a line; `spans` holds the run's `job`, `route` and `run_id`.
fn json_lines<S>() -> Layer<S, JsonFields, Format<Json>>
where
    S: tracing::Subscriber + for<'span> LookupSpan<'span>,
{
    tracing_subscriber::fmt::layer().json().flatten_event(true).with_current_span(false).with_span_list(true)
}

/// Starts logging, and sending spans if an endpoint is given. `RUST_LOG` chooses the levels of the logs,
/// `info` otherwise.
pub(crate) fn start(dir: Option<&Path>, console: Console, otlp_endpoint: &str) -> anyhow::Result<Telemetry> {
    let filter = || quieted(EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info")));
    let (file, guard) = match dir {
        None => (None, None),
        Some(dir) => {
            std::fs::create_dir_all(dir).map_err(|error| anyhow::anyhow!("log.dir {}: {error}", dir.display()))?;
            let writer = Builder::new()
                .rotation(Rotation::DAILY)
                .filename_prefix("ipass")
                .filename_suffix("jsonl")
                .max_log_files(KEPT_FILES)
                .build(dir)
                .map_err(|error| {
                    anyhow::anyhow!("log.dir {}: {error}; choose a folder that can be written", dir.display())
                })?;
            // Lossless: a log line that explains an order must not be dropped under load.
            let (writer, guard) = NonBlockingBuilder::default().lossy(false).finish(writer);
            let layer = json_lines().with_writer(writer).with_filter(filter());
            (Some(layer), Some(guard))
        }
    };
    let stdout = (console == Console::Stdout && !std::io::stdout().is_terminal())
        .then(|| json_lines().with_writer(std::io::stdout).with_filter(filter()));
    let terminal = (console == Console::Stdout && std::io::stdout().is_terminal())
        .then(|| tracing_subscriber::fmt::layer().compact().with_writer(std::io::stdout).with_filter(filter()));
    let stderr = (console == Console::Stderr).then(|| {
        let quiet = || quieted(EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn")));
        tracing_subscriber::fmt::layer().compact().with_writer(std::io::stderr).with_filter(quiet())
    });
    let spans = if otlp_endpoint.is_empty() { None } else { Some(exporter(otlp_endpoint)?) };
    let traced = spans
        .as_ref()
        .map(|spans| tracing_opentelemetry::layer().with_tracer(spans.tracer("ipass")).with_filter(ours()));
    tracing_subscriber::registry()
        .with(traced)
        .with(file)
        .with(stdout)
        .with(terminal)
        .with(stderr)
        .try_init()
        .map_err(|error| anyhow::anyhow!("logging is already set up: {error}"))?;
    Ok(Telemetry { _file: guard, spans })
}
