//! A conference of three: a caller by the trunk and two desk phones. Each hears the two others and never themselves; whoever is
//! there already hears no gap when somebody joins or leaves.

use super::{
    baresip::{Baresip, Like},
    lab::{Place, listen, now},
    raw::SIP,
    sound::{CALLER, OTHER, PERSON},
    stage::Stage,
};

const ROOM: &str = "3001";

async fn joins(phone: &mut Baresip, stage: &Stage) {
    let number = format!("sip:{ROOM}@{}:{SIP}", stage.gateway());
    phone.command("dial", &number).await;
    phone.until("CALL_ESTABLISHED").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_in_a_room_each_hear_the_two_others() {
    let mut stage = Stage::set(44).await;
    let person = Like {
        hz: PERSON,
        ..Like::default()
    };
    let mut desk = stage.phone(1, "201", person).await;
    let other = Like {
        user: "202",
        hz: OTHER,
        ..Like::default()
    };
    let mut third = stage.phone(2, "202", other).await;
    let mut caller = stage.ring_in(ROOM).await;
    caller.cue("tone").await;
    let alone = listen(1500).await;
    joins(&mut desk, &stage).await;
    let _ = listen(1000).await;
    let two = now();
    let _ = listen(1000).await;
    joins(&mut third, &stage).await;
    let _ = listen(1000).await;
    let three = listen(2500).await;
    third.command("hangup", "").await;
    let _ = listen(1500).await;
    let together = (two, now());
    desk.command("hangup", "").await;
    let _ = listen(300).await;
    caller.hangs_up().await;
    stage.running.ended().await;

    let (anna, first, second) = (caller.ip(), stage.lab.phone(1), stage.lab.phone(2));
    let streams = stage.strike().await;
    let tones = [CALLER, PERSON, OTHER];
    streams
        .to(anna, alone)
        .is_music("the caller, alone", &tones);
    let heard = [
        ("the caller", streams.to(anna, three), CALLER),
        ("the person", streams.to(first, three), PERSON),
        ("the third", streams.to(second, three), OTHER),
    ];
    for (who, heard, own) in &heard {
        for hz in tones.iter().filter(|hz| *hz != own) {
            heard.never_misses(who, *hz);
        }
        heard.never_holds(who, *own);
    }
    // From before the third joins until after they have left.
    let pair = [
        ("the caller, all along", Place::from(anna), PERSON),
        ("the person, all along", first, CALLER),
    ];
    for (who, place, hz) in pair {
        streams.to(place, together).never_misses(who, hz);
    }
}
