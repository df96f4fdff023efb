use std::time::Duration;

use axum::http::{Method, StatusCode};
use secrecy::SecretString;

use super::store::Memory;
use super::{Bench, PASSWORD};

const WHO: (&str, &str) = ("who", "Li Lei");

#[tokio::test]
async fn the_right_password_opens_the_pages_and_is_told_to_the_audit() {
    let bench = Bench::new();
    let before = bench.get("/admin/audit?who=x").await;
    assert_eq!(before.status, StatusCode::SEE_OTHER);
    assert_eq!(before.header("location"), "/admin/login?next=%2Fadmin%2Faudit%3Fwho%3Dx");
    let form = bench.get(before.header("location")).await;
    assert_eq!(form.field("next"), "/admin/audit?who=x");
    let next = ("next", "/admin/audit?who=x");
    let answer = bench.post("/admin/login", &[WHO, ("password", PASSWORD), next]).await;
    assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, "/admin/audit?who=x"));
    assert_eq!(bench.get("/admin/audit").await.status, StatusCode::OK);
    assert_eq!(bench.acts(), [("Li Lei".to_owned(), "login".to_owned(), "unknown".to_owned())]);
}

#[tokio::test]
async fn the_cookie_tells_nothing_to_scripts_other_sites_and_the_store() {
    let bench = Bench::logged_in().await;
    let again = bench.post("/admin/login", &[WHO, ("password", PASSWORD)]).await;
    let set = again.header("set-cookie");
    assert!(set.starts_with("ipass_session=") && set.contains("; HttpOnly; SameSite=Strict"), "{set}");
    assert!(!set.contains("Secure"), "{set}");
    let token = bench.cookie("ipass_session").unwrap();
    assert_eq!(token.len(), 64);
    let logins = bench.desk.logins.lock().unwrap();
    assert_eq!(logins.len(), 1, "the earlier login of this browser ended");
    assert!(logins.values().all(|login| login.token_hash != token && login.token_hash.len() == 64));
}

#[tokio::test]
async fn behind_tls_the_cookie_is_bound_to_the_host() {
    let bench = Bench::with(Memory::new(), |state| state.behind_tls = true);
    let answer = bench.post("/admin/login", &[WHO, ("password", PASSWORD)]).await;
    let set = answer.header("set-cookie");
    assert!(set.starts_with("__Host-ipass=") && set.contains("; Path=/;") && set.ends_with("; Secure"), "{set}");
    assert_eq!(answer.header("strict-transport-security"), "max-age=31536000");
    assert_eq!(bench.get("/admin/audit").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_wrong_password_opens_nothing_and_is_not_kept() {
    let bench = Bench::new();
    for password in ["wrong", "", &PASSWORD.to_uppercase(), &format!("{PASSWORD}{}", "x".repeat(2000))] {
        let answer = bench.post("/admin/login", &[("who", "hunter2"), ("password", password)]).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{password}");
        assert!(answer.body.contains("The password is wrong") && answer.header("set-cookie").is_empty());
    }
    let refused = ("-".to_owned(), "login_refused".to_owned(), "unknown".to_owned());
    assert_eq!(bench.acts(), vec![refused; 4]);
    assert_eq!(bench.get("/admin/audit").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn whoever_guesses_waits_longer_each_time() {
    let bench = Bench::new();
    for _ in 0..5 {
        assert_eq!(bench.post("/admin/login", &[WHO, ("password", "x")]).await.status, StatusCode::UNAUTHORIZED);
    }
    let slowed = bench.post("/admin/login", &[WHO, ("password", PASSWORD)]).await;
    assert_eq!((slowed.status, slowed.header("retry-after")), (StatusCode::TOO_MANY_REQUESTS, "2"));
    assert!(slowed.body.contains("Try again in 2 seconds"), "{}", slowed.body);
    bench.clock.advance(Duration::from_secs(1));
    assert_eq!(bench.post("/admin/login", &[WHO, ("password", "x")]).await.status, StatusCode::UNAUTHORIZED);
    bench.clock.advance(Duration::from_secs(1));
    assert_eq!(bench.post("/admin/login", &[WHO, ("password", "x")]).await.status, StatusCode::TOO_MANY_REQUESTS);
    bench.clock.advance(Duration::from_secs(1));
    assert_eq!(bench.post("/admin/login", &[WHO, ("password", PASSWORD)]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(bench.acts().len(), 7, "what was not tried is not in the audit");
}

#[tokio::test]
async fn only_the_proxys_word_names_the_client() {
    for (behind_tls, slowed) in [(true, StatusCode::UNAUTHORIZED), (false, StatusCode::TOO_MANY_REQUESTS)] {
        let bench = Bench::with(Memory::new(), |state| state.behind_tls = behind_tls);
        for n in 0..5 {
            let from = format!("198.51.100.1, 192.0.2.{n}");
            bench.post_with("/admin/login", &[("x-forwarded-for", &from)], &[WHO, ("password", "x")]).await;
        }
        let from = [("x-forwarded-for", "198.51.100.1, 192.0.2.9")];
        assert_eq!(bench.post_with("/admin/login", &from, &[WHO, ("password", "x")]).await.status, slowed);
    }
}

#[tokio::test]
async fn a_login_ends_when_unused_when_old_and_at_logout() {
    let bench = Bench::logged_in().await;
    bench.clock.advance(Duration::from_mins(29));
    assert_eq!(bench.get("/admin/audit").await.status, StatusCode::OK);
    bench.clock.advance(Duration::from_mins(30));
    assert_eq!(bench.get("/admin/audit").await.status, StatusCode::SEE_OTHER);

    bench.log_in().await;
    for _ in 0..12 * 3 - 1 {
        bench.clock.advance(Duration::from_mins(20));
        assert_eq!(bench.get("/admin/audit").await.status, StatusCode::OK);
    }
    bench.clock.advance(Duration::from_mins(20));
    assert_eq!(bench.get("/admin/audit").await.status, StatusCode::SEE_OTHER);

    bench.log_in().await;
    let token = bench.cookie("ipass_session").unwrap();
    let (csrf, once) = bench.hidden("/admin/audit").await;
    let out = bench.post("/admin/logout", &[("csrf", &csrf), ("once", &once)]).await;
    assert_eq!(out.header("location"), "/admin/login");
    assert_eq!(bench.cookie("ipass_session"), None);
    let replayed = [("cookie", format!("ipass_session={token}"))];
    let replayed: Vec<_> = replayed.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(bench.send(Method::GET, "/admin/audit", &replayed, "").await.status, StatusCode::SEE_OTHER);
    assert!(bench.get("/admin/login").await.body.contains("You are logged out."));
    assert!(!bench.get("/admin/login").await.body.contains("You are logged out."), "it is said once");
}

#[tokio::test]
async fn an_expired_login_is_told_as_the_request_wants_it() {
    let bench = Bench::new();
    let api = bench.get("/admin/api/runs/1/events").await;
    assert_eq!((api.status, api.header("content-type")), (StatusCode::UNAUTHORIZED, "application/json"));
    assert_eq!(api.json()["error"]["code"], "login_expired");
    let htmx = bench.send(Method::GET, "/admin/audit", &[("hx-request", "true")], "").await;
    assert_eq!((htmx.status, htmx.header("hx-redirect")), (StatusCode::UNAUTHORIZED, ""));
    assert_eq!((htmx.header("hx-retarget"), htmx.header("location")), ("#notices", ""));
    let form = bench.post("/admin/logout", &[]).await;
    assert_eq!((form.status, form.header("location")), (StatusCode::SEE_OTHER, "/admin/login"));
}

#[tokio::test]
async fn the_dialog_of_an_expired_login_gets_the_new_secret() {
    let bench = Bench::new();
    let json = [("accept", "application/json")];
    let wrong = bench.post_with("/admin/login", &json, &[WHO, ("password", "x")]).await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    assert_eq!(wrong.json()["error"]["code"], "login_refused");
    let right = bench.post_with("/admin/login", &json, &[WHO, ("password", PASSWORD)]).await;
    let csrf = right.json()["csrf"].as_str().unwrap().to_owned();
    assert_eq!(bench.hidden("/admin/audit").await.0, csrf);
}

#[tokio::test]
async fn a_login_leads_to_our_pages_only() {
    for next in ["https://evil.example/", "//evil.example", "/admin/../x", "/admin/login"] {
        let bench = Bench::new();
        let answer = bench.post("/admin/login", &[WHO, ("password", PASSWORD), ("next", next)]).await;
        assert_eq!(answer.header("location"), "/admin", "{next}");
    }
}

#[tokio::test]
async fn without_a_name_nobody_comes_in() {
    let bench = Bench::new();
    for who in ["", "   ", &"x".repeat(61), "a\u{7}b"] {
        let answer = bench.post("/admin/login", &[("who", who), ("password", PASSWORD)]).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{who}");
    }
    assert!(bench.acts().is_empty());
}

#[tokio::test]
async fn without_a_password_the_pages_stay_closed_and_say_how_to_set_one() {
    let bench = Bench::with(Memory::new(), |state| state.password_hash = SecretString::from(" "));
    let page = bench.get("/admin/login").await;
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(page.body.contains("ipass hash-password") && !page.body.contains("name=\"password\""));
    let answer = bench.post("/admin/login", &[WHO, ("password", "")]).await;
    assert_eq!((answer.status, answer.header("set-cookie")), (StatusCode::SERVICE_UNAVAILABLE, ""));
    assert_eq!(bench.get("/admin/audit").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_login_that_cannot_be_written_down_does_not_happen() {
    let bench = Bench::new();
    *bench.desk.down.lock().unwrap() = true;
    let answer = bench.post("/admin/login", &[WHO, ("password", PASSWORD)]).await;
    assert_eq!((answer.status, answer.header("set-cookie")), (StatusCode::SERVICE_UNAVAILABLE, ""));
    assert!(answer.body.contains("The database does not answer"));
}
