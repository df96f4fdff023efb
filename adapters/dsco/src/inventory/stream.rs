//! Streams of stock, in the vendor's terms.
//!
//! A stream is a scratch list that is made for one reading and deleted after it. Making, filling and
//! deleting one changes nothing that anybody else sees, so these calls may be repeated.

use ipass_core::ports::{ErrorKind, PortError};
use ipass_http_kit::{Body, CallKind, Method, Reply, Request};

use super::seen::Sighting;
use crate::client::Client;
use crate::convert;
use crate::dto::request::{MaxEvents, NewStream, StreamQuery};
use crate::dto::{self, Object, Unreadable};
use crate::error::{error_of, says_failure};
use crate::segment::segment;

/// By this a stream that a crash left behind is known; another route on the same account has its own.
fn description(account: &str) -> String {
    format!("ipass {account}: stock read, deleted after use")
}

const OBJECT_TYPE: &str = "inventory";

/// The largest page that the vendor documents: 10,000 objects, 4.5 MiB, 22 seconds.
const LARGEST_PAGE: MaxEvents = MaxEvents { object_count: 10_000, num_bytes: 4_718_592, duration_sec: 22 };

/// Why a stream cannot be read now.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// It is about streams: single questions may fare better.
    Stream(PortError),
    /// It is about the credentials or the pace: nothing would fare better.
    Account(PortError),
}

/// A call without an answer that could be judged.
impl From<PortError> for Refusal {
    fn from(error: PortError) -> Self {
        match error.kind() {
            ErrorKind::Auth | ErrorKind::Clock | ErrorKind::Throttled { .. } => Self::Account(error),
            ErrorKind::Retryable | ErrorKind::Rejected | ErrorKind::Invalid => Self::Stream(error),
        }
    }
}

/// The answer that is none of the operation's good ones. A 403 is also how a role without streams
/// is answered.
fn refusal(kind: &CallKind, reply: &Reply) -> Refusal {
    let error = error_of(kind.name, reply);
    if matches!(reply.status, 401 | 429) { Refusal::Account(error) } else { Refusal::Stream(error) }
}

fn odd(kind: &CallKind, what: &str) -> Refusal {
    Refusal::Stream(PortError::invalid(format!("{}: {what}", kind.name)))
}

/// A stream that was made for this reading.
#[derive(Debug)]
pub(crate) struct Stream {
    pub(crate) id: String,
    /// The only one.
    partition: i64,
}

/// The events behind a position.
pub(crate) struct EventPage {
    /// The id of the last one that has an id; `None` for an empty page.
    pub(crate) last: Option<String>,
    pub(crate) items: Vec<Sighting>,
}

/// Where a stream stands according to the vendor, up to a minute late.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    /// Up to where it was read.
    pub(crate) position: String,
    /// Up to where there are events.
    pub(crate) max_position: String,
}

impl Client {
    /// `GET /stream`: ids of the stock streams with our description.
    pub(crate) async fn left_over_streams(&self) -> Result<Vec<String>, Refusal> {
        let kind = &self.kinds.streams;
        let reply = good(kind, self.read(kind, &Request::get("/stream")).await?)?;
        let description = description(self.account.name());
        let ours = |text: &String| {
            let stream = Object::read(text)?;
            let is = |name: &str, expected: &str| stream.text(name).is_some_and(|text| text == expected);
            if is("description", &description) && is("objectType", OBJECT_TYPE) { stream.text("id") } else { None }
        };
        Ok(texts(kind, &reply, "")?.iter().filter_map(ours).collect())
    }

    /// `POST /stream`: a stream of stock with one partition.
    pub(crate) async fn make_stream(&self) -> Result<Stream, Refusal> {
        let kind = &self.kinds.make_stream;
        let description = description(self.account.name());
        let stream = NewStream {
            object_type: OBJECT_TYPE,
            description: &description,
            num_partitions: 1,
            max_events: LARGEST_PAGE,
            query: StreamQuery { query_type: OBJECT_TYPE },
        };
        let body = convert::json(&stream, "a stream")?;
        let reply = self.read(kind, &Request::post("/stream").body(Body::Json(body.into()))).await?;
        let reply = good(kind, reply)?;
        let text = String::from_utf8_lossy(&reply.body);
        let made = Object::read(&text).ok_or_else(|| odd(kind, "the answer is no stream"))?;
        let id = made.text("id").ok_or_else(|| odd(kind, "the stream has no id"))?;
        let partitions = made.objects("partitions")?;
        let partition = partitions.first().and_then(|partition| partition.number("partitionId"));
        Ok(Stream { id, partition: partition.unwrap_or(0) })
    }

    /// `POST /stream/{id}`: asks the vendor to write every item into the stream.
    pub(crate) async fn fill_stream(&self, stream: &Stream) -> Result<(), Refusal> {
        let kind = &self.kinds.fill_stream;
        let request = Request::post(format!("/stream/{}", segment(&stream.id)));
        let request = request.body(Body::Json(r#"{"operationType":"sync"}"#.into()));
        good(kind, self.read(kind, &request).await?).map(|_| ())
    }

    /// `GET /stream/{id}/{partition}/{position}`: the events behind a position, which is the id of an
    /// event or a time.
    pub(crate) async fn events(&self, stream: &Stream, position: &str) -> Result<EventPage, Refusal> {
        let kind = &self.kinds.events;
        let path = format!("/stream/{}/{}/{}", segment(&stream.id), stream.partition, segment(position));
        let reply = good(kind, self.read(kind, &Request::get(path)).await?)?;
        let mut page = EventPage { last: None, items: Vec::new() };
        let events = texts(kind, &reply, "events")?;
        for event in events.iter().filter_map(|text| Object::read(text)) {
            page.last = event.text("id").or(page.last);
            if let Some(item) = event.object("payload") {
                page.items.push(Sighting { names: convert::names(&item), level: convert::level(&item) });
            }
        }
        if page.last.is_none() && !events.is_empty() {
            return Err(odd(kind, "no event has an id, so there is no place to go on from"));
        }
        Ok(page)
    }

    /// `GET /stream?id=`: `None` when the answer does not say where the stream stands.
    pub(crate) async fn standing(&self, stream: &Stream) -> Result<Option<Standing>, Refusal> {
        let kind = &self.kinds.streams;
        let reply = good(kind, self.read(kind, &Request::get("/stream").query("id", &stream.id)).await?)?;
        let standing = |text: &String| {
            let found = Object::read(text).filter(|found| found.text("id").as_ref() == Some(&stream.id))?;
            let partitions = found.objects("partitions").ok()?;
            let same = |partition: &&Object<'_>| partition.number("partitionId").unwrap_or(0) == stream.partition;
            let partition = partitions.iter().find(same)?;
            let max_position = partition.text("maxPosition")?;
            Some(Standing { position: partition.text("position").unwrap_or_default(), max_position })
        };
        Ok(texts(kind, &reply, "")?.iter().find_map(standing))
    }

    /// `DELETE /stream/{id}`, once: what is left over is deleted by the next reading.
    pub(crate) async fn drop_stream(&self, id: &str) {
        let kind = &self.kinds.drop_stream;
        let request = Request::new(Method::DELETE, format!("/stream/{}", segment(id)));
        let failure = match self.once(kind, request).await {
            Ok(reply) if reply.is_success() || reply.status == 404 => return,
            Ok(reply) => error_of(kind.name, &reply),
            Err(error) => error.error,
        };
        tracing::warn!(account = self.account.name(), error = %failure, "a stream of stock was not deleted");
    }
}

fn good(kind: &CallKind, reply: Reply) -> Result<Reply, Refusal> {
    if reply.is_success() && !says_failure(&reply.body) { Ok(reply) } else { Err(refusal(kind, &reply)) }
}

/// The elements of an array, one by one, so that an odd one spoils nothing but itself.
fn texts(kind: &CallKind, reply: &Reply, array: &str) -> Result<Vec<String>, Refusal> {
    match dto::elements(&reply.body, array) {
        Ok(elements) => Ok(elements.items.iter().map(|item| String::from_utf8_lossy(item).into_owned()).collect()),
        Err(Unreadable::NotJson | Unreadable::NoArray) => Err(odd(kind, "the answer holds no list")),
    }
}
