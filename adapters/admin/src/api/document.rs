//! The description of the API: from the operations, with what is true of all of them added.

use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{Components, ContentBuilder, Info, OpenApi, Paths, Ref, RefOr, Response, ResponseBuilder};
use utoipa::openapi::{PathItem, schema::Schema};
use utoipa::{PartialSchema as _, ToSchema as _};

use super::envelope::{ErrorBody, ErrorContent, Problem};
use super::{ApiState, PREFIX, described};

const DESCRIPTION: &str = "Orders, runs and stock of the service. \
Every request carries the token of the configuration as a bearer token; without one in the configuration \
every path answers 404. \
Times are RFC 3339; answers are in UTC. Ids are text. Lists are pages: `next_cursor` of one is `cursor` of \
the next. Parameters and members that are not described are refused.";

/// The document without its operations.
pub(super) fn frame() -> OpenApi {
    let mut info = Info::new("ipass", env!("CARGO_PKG_VERSION"));
    info.description = Some(DESCRIPTION.to_owned());
    let schemas: [(String, RefOr<Schema>); 3] = [
        (ErrorBody::name().into_owned(), ErrorBody::schema()),
        (ErrorContent::name().into_owned(), ErrorContent::schema()),
        (Problem::name().into_owned(), Problem::schema()),
    ];
    let mut components = Components::new();
    components.schemas.extend(schemas);
    components.add_security_scheme("token", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
    let mut document = OpenApi::new(info, Paths::new());
    document.components = Some(components);
    document.security = Some(vec![SecurityRequirement::new("token", Vec::<String>::new())]);
    document
}

/// The description of the API, an `OpenAPI` 3.1 document.
pub fn openapi() -> OpenApi {
    let (_, mut document) = described::<ApiState>().split_for_parts();
    let paths = std::mem::take(&mut document.paths.paths);
    for (path, mut item) in paths {
        for operation in operations(&mut item) {
            add_refusals(operation);
        }
        document.paths.paths.insert(format!("{PREFIX}{path}"), item);
    }
    document
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.post].into_iter().flatten()
}

fn add_refusals(operation: &mut Operation) {
    let common = [
        ("401", "the token is missing or wrong"),
        ("403", "not allowed to the pages of other sites (`Sec-Fetch-Site: cross-site`)"),
        ("404", "there is no such thing, or the API is off"),
        ("422", "parameters or members that cannot be; `detail` names each"),
        ("503", "the store or a remote system does not answer"),
    ];
    let with_body = [
        ("400", "the body is not JSON"),
        ("409", "somebody is doing this work at the moment, or the settings of the route are not valid"),
        ("413", "the body has more than 1 MiB"),
        ("415", "the body is not declared as `application/json`"),
    ];
    let of_post = [("409", "the order is not where this is possible")];
    let body = operation.request_body.is_some();
    let reads = operation.responses.responses.contains_key("200") && !body;
    let extra: &[(&str, &str)] = if body {
        &with_body
    } else if reads {
        &[]
    } else {
        &of_post
    };
    for (status, description) in common.iter().chain(extra) {
        operation.responses.responses.entry((*status).to_owned()).or_insert_with(|| refusal(description).into());
    }
}

fn refusal(description: &str) -> Response {
    let schema = Ref::from_schema_name(ErrorBody::name());
    ResponseBuilder::new()
        .description(description)
        .content("application/json", ContentBuilder::new().schema(Some(schema)).build())
        .build()
}
