//! The three shells of answers, and the gateway's texts.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::clock::beijing_form;
use crate::json::{self, Object};
use crate::wire::{Call, Reply};

fn gateway_text(code: &str) -> &'static str {
    match code {
        "2001001" => "app not exist",
        "2001002" => "app secret not correct",
        "2001003" => "access token is missing or expire",
        "2001004" => "the api not authorized, please grant first",
        // Two of the vendor's texts start with a blank.
        "2001005" => " access token not match",
        "2001006" => " api sign not correct",
        "2001007" => "api sign has expired",
        "2001008" => "refresh token expired. please get access token again",
        "2001009" => "refresh token is invalid",
        "3001001" => "missing query param(access_token,sign,timestamp,app_key)",
        "3001002" => "ip not permit, please add ip to white list first.",
        "3001008" => "requests too frequently. please request later.",
        "0001001" => "rsa private decrypt error",
        "401" => "授权被禁用，请检查授权状态",
        "403" => "授权失效，请更新授权有效期",
        "102" => "参数不合法",
        _ => "system error",
    }
}

/// An error of the gateway: HTTP 200, text code, text in `msg`.
pub(crate) fn gateway(code: &str, now: DateTime<Utc>) -> Reply {
    let text = gateway_text(code);
    Reply::json(
        200,
        &json!({
            "code": code,
            "msg": text,
            "data": {
                "throwable": text,
                "throwTime": beijing_form(now),
                "message": null,
                "stackTrace": null,
                "metadata": {},
            },
        }),
    )
}

/// An error of the token calls: the same shell with `data: null`.
pub(crate) fn token_error(code: &str) -> Reply {
    Reply::json(200, &json!({ "code": code, "msg": gateway_text(code), "data": null }))
}

/// The limiter of the service behind the gateway: a number as code.
pub(crate) fn busy(now: DateTime<Utc>) -> Reply {
    let message = "请求过于频繁,请稍后再试 [00000000-0000-4000-8000-00000000A103]";
    php_shell(103, message, &json!([]), no_rows, 0, 1, now)
}

fn php_shell(
    code: i64,
    message: &str,
    details: &Value,
    data: impl FnOnce(&mut Object<'_>),
    total: usize,
    request: u64,
    now: DateTime<Utc>,
) -> Reply {
    let body = json::object(|json| {
        json.put("code", code);
        data(json);
        json.put("error_details", details);
        json.put("message", message);
        json.put("request_id", format_args!("00000000-0000-4000-8000-{request:012X}"));
        json.put("response_time", beijing_form(now));
        json.put("total", total);
    });
    Reply::text(200, "application/json", body)
}

fn no_rows(json: &mut Object<'_>) {
    json.put("data", json!([]));
}

/// Rows of a PHP service: top-level `data` and a number as `total`.
pub(crate) fn php(data: &[Value], total: usize, request: u64, now: DateTime<Utc>) -> Reply {
    php_shell(0, "success", &json!([]), |json| json.put("data", data), total, request, now)
}

/// The same, each row written straight into the text.
pub(crate) fn php_rows<T>(
    rows: Vec<T>,
    row: impl FnMut(&mut Object<'_>, T),
    total: usize,
    request: u64,
    now: DateTime<Utc>,
) -> Reply {
    php_shell(0, "success", &json!([]), |json| json.array("data", rows, row), total, request, now)
}

/// A parameter error of a PHP service: code 500 with a plain string as detail.
pub(crate) fn php_error(detail: &str, request: u64, now: DateTime<Utc>) -> Reply {
    let detail = json!(format!("{detail} [请求码:A1B2C3]"));
    php_shell(500, "内部错误", &detail, no_rows, 0, request, now)
}

/// Data of a Java service.
pub(crate) fn java(data: &Value, request: u64, now: DateTime<Utc>) -> Reply {
    java_shell(|json| json.put("data", data), request, now)
}

/// The same, the data written straight into the text.
pub(crate) fn java_object(data: impl FnOnce(&mut Object<'_>), request: u64, now: DateTime<Utc>) -> Reply {
    java_shell(|json| json.object("data", data), request, now)
}

fn java_shell(data: impl FnOnce(&mut Object<'_>), request: u64, now: DateTime<Utc>) -> Reply {
    let body = json::object(|json| {
        json.put("code", 0);
        data(json);
        json.put("message", "操作成功");
        json.put("request_id", java_request_id(request, now));
        json.put("response_time", beijing_form(now));
    });
    Reply::text(200, "application/json", body)
}

/// Data of the warehouse's service: a Java answer with a PHP text.
pub(crate) fn warehouse_service(data: &Value, request: u64, now: DateTime<Utc>) -> Reply {
    Reply::json(
        200,
        &json!({
            "code": 0,
            "message": "success",
            "error_details": [],
            "request_id": java_request_id(request, now),
            "response_time": beijing_form(now),
            "data": data,
        }),
    )
}

/// An error of a Java service: a number as code, `data: null`.
pub(crate) fn java_error(code: i64, message: &str, request: u64, now: DateTime<Utc>) -> Reply {
    Reply::json(
        200,
        &json!({
            "code": code,
            "message": message,
            "request_id": java_request_id(request, now),
            "response_time": beijing_form(now),
            "data": null,
        }),
    )
}

fn java_request_id(request: u64, now: DateTime<Utc>) -> String {
    format!("00000000-0000-4000-8000-{request:012x}.{}", now.timestamp_millis())
}

/// One of the three symptoms of a wrong path.
pub(crate) fn wrong_path(call: &Call) -> Reply {
    if call.path.contains("//") {
        return Reply::json(
            200,
            &json!({
                "code": "500",
                "msg": "404 NOT_FOUND",
                "data": {
                    "throwable": "404 NOT_FOUND",
                    "throwTime": beijing_form(call.now),
                    "message": null,
                    "stackTrace": null,
                    "metadata": {},
                },
            }),
        );
    }
    if call.path.starts_with("/erp/") || call.path.starts_with("/pb/") {
        return php_shell(400, "服务不存在", &json!([]), no_rows, 0, 4, call.now);
    }
    Reply::html(405)
}
