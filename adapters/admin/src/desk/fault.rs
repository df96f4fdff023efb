use std::fmt::Display;
use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use ipass_core::ports::StoreError;
use ipass_core::reason::{Language, phrase};
use ipass_core::run::Refused;

use crate::text::{Text, common as c};

/// What a handler answers.
pub(crate) type Answer = Result<Response, Fault>;

/// A sentence whose language is not known yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Say {
    text: Text,
    values: Vec<String>,
    /// The values are words of the core or of a remote.
    words: bool,
}

impl Say {
    pub(crate) fn with(text: Text, values: impl IntoIterator<Item = String>) -> Self {
        Self { text, values: values.into_iter().collect(), words: false }
    }

    /// With words of the core, which are translated, or of a remote, which are quoted.
    pub(crate) fn said(text: Text, words: &dyn Display) -> Self {
        Self { text, values: vec![words.to_string()], words: true }
    }

    pub(crate) fn of(&self, language: Language) -> String {
        let said = |value: &String| if self.words { phrase(language, value).into_owned() } else { value.clone() };
        let values: Vec<String> = self.values.iter().map(said).collect();
        let values: Vec<&dyn Display> = values.iter().map(|value| value as _).collect();
        self.text.fill(language, &values)
    }
}

impl From<Text> for Say {
    fn from(text: Text) -> Self {
        Self { text, values: Vec::new(), words: false }
    }
}

/// One thing that is wrong with what was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    /// The field, or the path in a document.
    pub(crate) path: String,
    pub(crate) problem: Say,
}

/// Why a page or an act is refused. It becomes a page, a notice on the page, or JSON, as the request wants it.
#[derive(Debug)]
pub(crate) enum Fault {
    /// 404.
    NotFound,
    /// 405.
    NoMethod,
    /// 413.
    TooLarge,
    /// 415.
    WrongKind,
    /// 403: sent by another site, or without the secret of the forms.
    ForeignPage,
    /// 401, or the login.
    Expired,
    /// 422.
    Invalid(Vec<Problem>),
    /// The form was sent twice; back to where it was sent from.
    DoneAlready,
    /// 503, or 409 for a conflict.
    Store(StoreError),
    /// Refused for a reason of the page's own.
    Refused(Box<Refusal>),
}

/// What is in the way of an act.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    /// For programs.
    pub(crate) code: &'static str,
    pub(crate) title: Text,
    /// What is in the way, and what to do about it.
    pub(crate) help: Say,
    /// Where that is done, without `route=`, and its words.
    pub(crate) link: Option<(String, Text)>,
}

/// A fault as it is told.
pub(super) struct Told {
    pub(super) status: StatusCode,
    pub(super) code: &'static str,
    pub(super) title: Text,
    pub(super) help: Say,
}

impl Fault {
    /// A refusal with a status.
    pub(crate) fn with_status(status: StatusCode, code: &'static str, title: Text, help: impl Into<Say>) -> Self {
        Self::Refused(Box::new(Refusal { status, code, title, help: help.into(), link: None }))
    }

    /// A refusal with status 409.
    pub(crate) fn refused(code: &'static str, title: Text, help: impl Into<Say>) -> Self {
        Self::with_status(StatusCode::CONFLICT, code, title, help)
    }

    /// A refusal with status 409 and a link to what is in the way.
    pub(crate) fn refused_at(
        code: &'static str,
        title: Text,
        help: impl Into<Say>,
        href: impl Into<String>,
        words: Text,
    ) -> Self {
        let (status, link) = (StatusCode::CONFLICT, Some((href.into(), words)));
        Self::Refused(Box::new(Refusal { status, code, title, help: help.into(), link }))
    }

    pub(super) fn told(&self) -> Told {
        let told = |status, code, title, help: Say| Told { status, code, title, help };
        match self {
            Self::NotFound => told(StatusCode::NOT_FOUND, "not_found", c::NOT_FOUND, c::NOT_FOUND_HELP.into()),
            Self::NoMethod => {
                told(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", c::NO_METHOD, c::NO_METHOD_HELP.into())
            }
            Self::TooLarge => told(StatusCode::PAYLOAD_TOO_LARGE, "too_large", c::TOO_LARGE, c::TOO_LARGE_HELP.into()),
            Self::WrongKind => {
                told(StatusCode::UNSUPPORTED_MEDIA_TYPE, "wrong_kind", c::WRONG_KIND, c::WRONG_KIND_HELP.into())
            }
            Self::ForeignPage => {
                told(StatusCode::FORBIDDEN, "foreign_page", c::FOREIGN_PAGE, c::FOREIGN_PAGE_HELP.into())
            }
            Self::Expired => told(StatusCode::UNAUTHORIZED, "login_expired", c::EXPIRED, c::LOG_IN_AGAIN.into()),
            Self::Invalid(_) => told(StatusCode::UNPROCESSABLE_ENTITY, "invalid", c::INVALID, c::INVALID_HELP.into()),
            Self::DoneAlready => told(StatusCode::CONFLICT, "done_already", c::DONE_ALREADY, c::DONE_ALREADY.into()),
            Self::Store(StoreError::Unavailable(_)) => {
                told(StatusCode::SERVICE_UNAVAILABLE, "store_unavailable", c::STORE_DOWN, c::STORE_DOWN_HELP.into())
            }
            Self::Store(error @ (StoreError::Conflict(_) | StoreError::FenceLost)) => {
                let help = Say::said(c::CONFLICT_HELP, error);
                told(StatusCode::CONFLICT, "conflict", c::CONFLICT, help)
            }
            Self::Store(StoreError::Corrupt { .. }) => {
                told(StatusCode::INTERNAL_SERVER_ERROR, "corrupt", c::CORRUPT, c::CORRUPT_HELP.into())
            }
            Self::Refused(why) => told(why.status, why.code, why.title, why.help.clone()),
        }
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<askama::Error> for Fault {
    fn from(error: askama::Error) -> Self {
        tracing::error!(%error, "a page could not be written");
        Self::with_status(StatusCode::INTERNAL_SERVER_ERROR, "internal", c::INTERNAL, c::INTERNAL_HELP)
    }
}

/// A run that did not begin; the page may say more with a link to what is in the way.
impl From<Refused> for Fault {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Store(error) => Self::Store(error),
            Refused::AlreadyRunning => Self::refused("already_running", c::RUN_REFUSED, c::ALREADY_RUNNING),
            Refused::Settings(_) => {
                let help = Say::said(c::VERBATIM, &refused);
                Self::refused_at("settings_invalid", c::RUN_REFUSED, help, "/admin/settings", c::SETTINGS)
            }
            Refused::Usage(text) => Self::refused("usage", c::RUN_REFUSED, Say::said(c::VERBATIM, &text)),
        }
    }
}

/// The answer has no words yet: `render::faults` knows the language and what the request wants.
impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let mut response = self.told().status.into_response();
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}
