//! Tokens: fetched once, renewed early, replaced once when the vendor refuses them.

use std::time::Duration;

use ipass_contract_tests::replay::Exchange;
use ipass_core::ports::{ErpSink, ErrorKind};

use crate::world::{TOKEN, World, list, pos, token};

async fn look(world: &World) -> Result<(), ErrorKind> {
    let mut answers = world.erp.find(&pos(&["PO-1"])).await.unwrap();
    answers.remove(0).result.map(drop).map_err(|error| error.kind())
}

fn empty() -> Exchange {
    list().reply_file(200, "lingxing/order_list_empty.json")
}

fn refused(file: &str) -> Exchange {
    list().reply_file(200, &format!("lingxing/{file}"))
}

#[tokio::test]
async fn callers_at_the_same_time_share_one_request() {
    let world = World::start().await;
    world.replay.on(empty().times(3)).await;
    let (first, second, third) = tokio::join!(look(&world), look(&world), look(&world));
    assert_eq!((first, second, third), (Ok(()), Ok(()), Ok(())));
    world.replay.verify().await;
}

#[tokio::test]
async fn a_token_is_renewed_five_minutes_before_its_end() {
    let world = World::without_token().await;
    world.replay.on(token().times(2)).await;
    world.replay.on(empty().any_times()).await;
    for (seconds, n_requests) in [(0, 1), (6_800, 1), (120, 2)] {
        world.clock.advance(Duration::from_secs(seconds));
        look(&world).await.unwrap();
        assert_eq!(world.replay.calls("POST", TOKEN).await, n_requests, "after {seconds} s more");
    }
}

#[tokio::test]
async fn an_expiry_given_as_text_counts_as_well() {
    let world = World::without_token().await;
    world.replay.on(Exchange::post(TOKEN).reply_file(200, "lingxing/token_ok_expires_string.json")).await;
    world.replay.on(empty().times(2)).await;
    look(&world).await.unwrap();
    world.clock.advance(Duration::from_mins(100));
    look(&world).await.unwrap();
    world.replay.verify().await;
}

#[tokio::test]
async fn a_refused_token_is_replaced_once() {
    for file in ["access_token_expired.json", "access_token_not_match.json"] {
        let world = World::without_token().await;
        world.replay.on(token().times(2)).await;
        world.replay.on(refused(file)).await;
        world.replay.on(empty()).await;
        look(&world).await.unwrap();
        world.replay.verify().await;
    }
}

#[tokio::test]
async fn callers_refused_with_the_same_token_share_its_replacement() {
    let world = World::without_token().await;
    world.replay.on(token().times(2)).await;
    world.replay.on(refused("access_token_not_match.json").times(2)).await;
    world.replay.on(empty().times(2)).await;
    let (first, second) = tokio::join!(look(&world), look(&world));
    assert_eq!((first, second), (Ok(()), Ok(())));
    world.replay.verify().await;
}

#[tokio::test]
async fn a_second_refusal_is_an_error_and_not_a_loop() {
    let world = World::without_token().await;
    world.replay.on(token().times(2)).await;
    world.replay.on(refused("access_token_not_match.json").times(2)).await;
    assert_eq!(look(&world).await, Err(ErrorKind::Auth));
    world.replay.verify().await;
}

#[tokio::test]
async fn an_old_signature_is_made_anew_once_with_the_same_token() {
    let world = World::start().await;
    world.replay.on(refused("sign_expired.json")).await;
    world.replay.on(empty()).await;
    world.replay.on(refused("sign_expired.json").times(2)).await;
    look(&world).await.unwrap();
    assert_eq!(look(&world).await, Err(ErrorKind::Clock));
    world.replay.verify().await;
}

#[tokio::test]
async fn a_refused_credential_is_asked_about_again_after_a_minute_only() {
    let world = World::without_token().await;
    let wrong = || Exchange::post(TOKEN).reply_file(200, "lingxing/token_error_secret.json");
    world.replay.on(wrong().times(2)).await;
    assert_eq!(look(&world).await, Err(ErrorKind::Auth));
    assert_eq!(look(&world).await, Err(ErrorKind::Auth));
    assert_eq!(world.replay.calls("POST", TOKEN).await, 1);
    world.clock.advance(Duration::from_secs(61));
    assert_eq!(look(&world).await, Err(ErrorKind::Auth));
    world.replay.verify().await;
}

#[tokio::test]
async fn a_token_answer_of_nonsense_is_an_error_without_the_secret_in_it() {
    for body in
        ["<html>PRIVATE</html>", r#"{"code":"200","data":null}"#, r#"{"code":"200","data":{"access_token":""}}"#]
    {
        let world = World::without_token().await;
        world.replay.on(Exchange::post(TOKEN).reply(200, body)).await;
        let mut answers = world.erp.find(&pos(&["PO-1"])).await.unwrap();
        let error = answers.remove(0).result.unwrap_err();
        assert!(!format!("{error}{error:?}").contains("PRIVATE"), "{error:?}");
    }
}
