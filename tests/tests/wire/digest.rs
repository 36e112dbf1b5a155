//! Proving who one is.

use super::{
    baresip::{Baresip, Like},
    stage::Stage,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_phone_with_a_wrong_password_is_challenged_again_and_never_bound() {
    let stage = Stage::set(15).await;
    let wrong = Like {
        user: "201",
        password: "wrong",
        ..Like::default()
    };
    let mut intruder = Baresip::unregistered(&stage.lab, 1, wrong).await;
    let refused = intruder.until("REGISTER_FAIL").await;
    assert!(
        refused["param"].as_str().is_some_and(|p| p.contains("401")),
        "{refused}"
    );
    let _ = stage.phone(2, "202", Like::default()).await;
    let phones = stage
        .running
        .gateway()
        .snapshot()
        .await
        .expect("the shard answers")
        .phones;
    let users: Vec<&str> = phones.iter().map(|(user, _)| user.as_str()).collect();
    assert_eq!(users, ["202"]);
    assert_eq!(intruder.count("REGISTER_OK"), 0);
    let _ = stage.strike().await;
}
