//! Hold and resume by a desk phone's own key (RFC 3264 section 8.4): whoever is held hears music and nobody, whoever
//! holds is sent nothing, and both hear each other again after it.

use super::{
    baresip::{Baresip, Like},
    lab::{Place, listen},
    sound::{OTHER, PERSON},
    stage::Stage,
};
use tandem_types::journal::What;

/// One of the two phones.
struct Side {
    name: &'static str,
    phone: Baresip,
    place: Place,
    hz: f64,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_side_holds_and_resumes() {
    let mut stage = Stage::set(42).await;
    let mut first = side(&stage, 1, "201", "who called", PERSON).await;
    let mut second = side(&stage, 2, "203", "who was called", OTHER).await;
    let gateway = stage.gateway();
    first
        .phone
        .command("dial", &format!("sip:203@{gateway}"))
        .await;
    let (call, _) = stage.running.call().await;
    second.phone.until("CALL_INCOMING").await;
    second.phone.command("accept", "").await;
    stage
        .running
        .until("the bridge", |w| matches!(w, What::Bridged { .. }))
        .await;
    let _ = listen(600).await;
    let mut joined = vec![listen(1200).await];
    let mut held = Vec::new();
    for holder in [&mut first, &mut second] {
        holder.phone.command("hold", "").await;
        let on = |w: &What| matches!(w, What::LegHeld { held: true, .. });
        stage.running.until("hold", on).await;
        let _ = listen(400).await;
        held.push(listen(1800).await);
        holder.phone.command("resume", "").await;
        let off = |w: &What| matches!(w, What::LegHeld { held: false, .. });
        stage.running.until("resume", off).await;
        let _ = listen(600).await;
        joined.push(listen(1200).await);
    }
    second.phone.command("hangup", "").await;
    first.phone.until("CALL_CLOSED").await;
    stage.running.ended().await;
    let record = stage.running.record(call).await;
    assert_eq!(record.legs.len(), 2, "the call stayed what it was");
    assert_eq!(record.call.ended_by.as_deref(), Some("callee"));

    let streams = stage.strike().await;
    for (n, stretch) in joined.into_iter().enumerate() {
        for (me, other) in [(&first, &second), (&second, &first)] {
            let who = format!("{}, joined for the {}. time", me.name, n + 1);
            streams.to(me.place, stretch).is(&who, other.hz);
        }
    }
    for (stretch, (holder, other)) in held.into_iter().zip([(&first, &second), (&second, &first)]) {
        let who = format!("{}, held", other.name);
        let heard = streams.to(other.place, stretch);
        heard.is_music(&who, &[PERSON, OTHER]);
        heard.never_holds(&who, holder.hz);
        let who = format!("{}, who holds", holder.name);
        streams.to(holder.place, stretch).is_nothing(&who);
    }
}

async fn side(stage: &Stage, n: u8, user: &str, name: &'static str, hz: f64) -> Side {
    let like = Like {
        hz,
        ..Like::default()
    };
    Side {
        name,
        phone: stage.phone(n, user, like).await,
        place: stage.lab.phone(n),
        hz,
    }
}
