//! The present figures of SKUs with few calls.
//!
//! The vendor answers one item per call, at most 300 in a minute, or writes all items into a stream.
//! A few are asked for singly; many are read from a stream, and only what it does not show is asked
//! for singly. What the vendor did not know lately is not asked for singly at all.

use std::collections::{HashMap, HashSet};

use ipass_core::ports::{Answer, ItemName, PortError, StockLevel};
use ipass_http_kit::Request;

use super::absent::Absent;
use super::seen::Seen;
use super::stream::Refusal;
use crate::client::Client;
use crate::convert;
use crate::dto::Object;
use crate::error::{error_of, says_failure, says_not_found};
use crate::orders::Breaker;

/// So few are asked for singly: a stream costs five calls and up to minutes.
const FEW: usize = 20;

/// So many that a stream did not show are asked for singly; that takes a minute.
const MAX_SINGLES: usize = 300;

/// So many are asked for singly when there are no streams; that takes half an hour.
const UNSTREAMED: usize = 9_000;

impl Client {
    /// One answer per name. An item is absent when the vendor says so itself, or has said so lately, asked for
    /// this very name and under the accounts of all retailers whose name it may be, or when a stream that was
    /// read to the vendor's own end did not show it.
    ///
    /// `Err` when the credentials are refused or the vendor asks to wait before anything was seen.
    pub(crate) async fn levels(
        &self,
        items: &[ItemName],
        absent: &Absent,
    ) -> Result<Vec<Answer<String, Option<StockLevel>>>, PortError> {
        let now = self.account.clock().now();
        absent.forget_old(now);
        let by_name: HashMap<&str, &ItemName> = items.iter().map(|item| (item.name.trim(), item)).collect();
        let believed: HashSet<&str> =
            by_name.iter().filter(|(_, item)| absent.is_believed(item, now)).map(|(name, _)| *name).collect();
        let mut unique = HashSet::new();
        let skus: Vec<&String> = items.iter().map(|item| &item.name).filter(|name| unique.insert(*name)).collect();
        let mut seen = Seen::new(skus.iter().map(|sku| sku.as_str()));
        let in_doubt = || PortError::retryable("the stream of stock did not show the SKU, nor many others");
        let mut read_to_the_end = false;
        let (singles, rest) = if seen.len() - believed.len() <= FEW {
            (FEW, in_doubt())
        } else {
            match self.read_all(&mut seen).await {
                Ok(complete) => {
                    read_to_the_end = complete;
                    (MAX_SINGLES, in_doubt())
                }
                Err(Refusal::Stream(error)) => {
                    let account = self.account.name();
                    tracing::warn!(account, error = %error, unseen = seen.unseen(), "stock is asked for item by item");
                    (UNSTREAMED, error)
                }
                Err(Refusal::Account(error)) if seen.unseen() == seen.len() => return Err(error),
                Err(Refusal::Account(error)) => (0, error),
            }
        };
        let mut breaker = Breaker::default();
        let named = seen.shows_partner_names();
        let mut asked = 0;
        for name in seen.unseen_names() {
            let Some(item) = by_name.get(name) else { continue };
            let retailers = item.retailers.as_slice();
            let answer = match breaker.open() {
                _ if read_to_the_end && (named || retailers.is_empty()) => Ok(None),
                _ if believed.contains(name) => {
                    // Not noted again: it is an answer of before.
                    seen.note_answer(name, Ok(None));
                    continue;
                }
                _ if asked >= singles => Err(rest.clone()),
                Some(error) => Err(error),
                None => {
                    asked += 1;
                    breaker.note(self.level_of(name, retailers).await)
                }
            };
            if matches!(answer, Ok(None)) {
                absent.note(item, now);
            }
            seen.note_answer(name, answer);
        }
        let answer = |sku: &String| {
            let result = seen.answer(sku);
            if let (Some(item), Ok(Some(_)) | Err(_)) = (by_name.get(sku.trim()), &result) {
                absent.forget(item);
            }
            Answer { key: sku.clone(), result }
        };
        Ok(skus.into_iter().map(answer).collect())
    }

    /// By the supplier's SKU, then by each retailer's name of it.
    async fn level_of(&self, name: &str, retailers: &[String]) -> Result<Option<StockLevel>, PortError> {
        let by_sku = Request::get("/inventory").query("itemKey", "sku").query("value", name);
        if let Some(level) = self.item(&by_sku).await? {
            return if level.sku.eq_ignore_ascii_case(name) {
                Ok(Some(level))
            } else {
                let kind = self.kinds.item.name;
                Err(PortError::invalid(format!("{kind}: asked for {name}, the answer is about {}", level.sku)))
            };
        }
        let mut found: Option<StockLevel> = None;
        for retailer in retailers {
            // A supplier may ask by a retailer's name only with the retailer's account.
            let request = Request::get("/inventory")
                .query("itemKey", "partnerSku")
                .query("value", name)
                .query("dscoRetailerId", retailer);
            match (self.item(&request).await?, &found) {
                (Some(level), Some(known)) if level.sku != known.sku => {
                    let kind = self.kinds.item.name;
                    return Err(PortError::invalid(format!("{kind}: two retailers call different items {name}")));
                }
                (Some(level), _) => found = Some(level),
                (None, _) => {}
            }
        }
        Ok(found)
    }

    /// `GET /inventory`; `None` when the vendor says itself that there is no such item.
    async fn item(&self, request: &Request) -> Result<Option<StockLevel>, PortError> {
        let kind = &self.kinds.item;
        let reply = self.read(kind, request).await?;
        match reply.status {
            404 if says_not_found(&reply.body) => return Ok(None),
            404 => return Err(PortError::retryable(format!("{}: 404, but not in the vendor's words", kind.name))),
            200..=299 if !says_failure(&reply.body) => {}
            _ => return Err(error_of(kind.name, &reply)),
        }
        let text = String::from_utf8_lossy(&reply.body);
        let item = Object::read(&text).ok_or_else(|| error_of(kind.name, &reply))?;
        convert::level(&item).map(Some)
    }
}
