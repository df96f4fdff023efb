use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{And, DefaultPredicate, NotForContentType, Predicate as _};

/// Which answers are packed.
type Packed = And<DefaultPredicate, NotForContentType>;

/// Packs pages, scripts and styles for browsers that take gzip: they hold the same words again and again.
///
/// Not packed: events, which would wait for a full block, and files of rows, whose length is told and which
/// leave as they are read.
///
/// A page holds the secret of its forms beside words of the request, which packing could give away to whoever
/// sees lengths and makes the browser ask again and again. Another site cannot: the cookie of the login is sent
/// from our own pages only (`SameSite=Strict`), and without it no page has a secret.
pub(super) fn packing() -> CompressionLayer<Packed> {
    let packed = DefaultPredicate::new().and(NotForContentType::const_new("text/csv"));
    // The lowest level that finds what a long query repeats in every row: the fastest one makes such a page twenty
    // times as large, the best one takes several times as long.
    CompressionLayer::new().quality(CompressionLevel::Precise(4)).compress_when(packed)
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use axum::Router;
    use axum::body::{Body, Bytes, to_bytes};
    use axum::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, VARY};
    use axum::http::{HeaderMap, Request};
    use axum::response::IntoResponse as _;
    use axum::routing::get;
    use futures_util::{StreamExt as _, stream};
    use tower::ServiceExt as _;

    use super::*;

    /// A long text, in two parts, of which the second never comes where it says so.
    async fn answer(kind: &'static str, whole: bool, accepts: Option<&str>) -> (HeaderMap, Body) {
        let row = format!("<p>{kind}</p>").repeat(2000);
        let handler = move || async move {
            let first = stream::iter([Ok::<_, Infallible>(Bytes::from(row))]);
            let body = if whole { Body::from_stream(first) } else { Body::from_stream(first.chain(stream::pending())) };
            ([(CONTENT_TYPE, kind)], body).into_response()
        };
        let mut request = Request::builder().uri("/");
        if let Some(accepts) = accepts {
            request = request.header(ACCEPT_ENCODING, accepts);
        }
        let router = Router::new().route("/", get(handler)).layer(packing());
        let response = router.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        (parts.headers, body)
    }

    #[tokio::test]
    async fn a_page_is_packed_for_whoever_takes_it_packed() {
        let (headers, body) = answer("text/html; charset=utf-8", true, Some("gzip, deflate, br")).await;
        assert_eq!(headers[CONTENT_ENCODING], "gzip");
        assert_eq!(headers[VARY], "accept-encoding");
        let packed = to_bytes(body, usize::MAX).await.unwrap();
        assert!(packed.starts_with(&[0x1f, 0x8b]) && packed.len() < 2000, "{}", packed.len());
        for accepts in [None, Some("identity"), Some("gzip;q=0")] {
            let (headers, body) = answer("text/html; charset=utf-8", true, accepts).await;
            assert!(!headers.contains_key(CONTENT_ENCODING), "{accepts:?}");
            assert!(to_bytes(body, usize::MAX).await.unwrap().starts_with(b"<p>"), "{accepts:?}");
        }
    }

    #[tokio::test]
    async fn events_and_rows_leave_at_once_and_as_they_are() {
        for kind in ["text/event-stream", "text/csv; charset=utf-8"] {
            let (headers, body) = answer(kind, false, Some("gzip")).await;
            assert!(!headers.contains_key(CONTENT_ENCODING), "{kind}");
            let first = body.into_data_stream().next().await.unwrap().unwrap();
            assert!(first.starts_with(b"<p>"), "{kind}");
        }
    }
}
