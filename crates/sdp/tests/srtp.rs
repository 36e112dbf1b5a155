//! Offers and answers with keys for SRTP in them (RFC 4568): who speaks it with whom, and what happens where one does not.

use std::net::SocketAddr;
use tandem_sdp::{Agreed, Direction::SendRecv, Secrets, Session, Unusable};
use tandem_types::{
    SrtpPolicy::{self, Off, Preferred, Required},
    SrtpSuite,
    media::Codec,
};

fn session(id: u64, srtp: SrtpPolicy) -> Session {
    let local = SocketAddr::from(([192, 0, 2, id as u8], 4000));
    let mut session = Session::new(id, local, vec![Codec::Pcma, Codec::Pcmu], true);
    let secrets = Secrets {
        secret: &[7; 32],
        purpose: &id.to_be_bytes(),
    };
    session.secure(srtp, secrets);
    session
}

fn same_keys(a: &Agreed, b: &Agreed) {
    let (Some(a), Some(b)) = (&a.srtp, &b.srtp) else {
        panic!("both are encrypted: {a:?} {b:?}");
    };
    assert_eq!(a.suite, b.suite);
    assert!(a.ours == b.theirs && a.theirs == b.ours && a.ours != a.theirs);
}

#[test]
fn who_can_agrees_on_the_first_suite_and_on_each_others_keys() {
    for (one, other) in [
        (Preferred, Preferred),
        (Required, Preferred),
        (Preferred, Required),
    ] {
        let (mut a, mut b) = (session(1, one), session(2, other));
        let offer = a.offer(SendRecv);
        assert!(
            offer.contains("m=audio 4000 RTP/SAVP 8 0 101\r\n"),
            "{offer}"
        );
        assert_eq!(offer.matches("a=crypto:").count(), 3, "{offer}");
        assert!(
            offer.len() < 750,
            "an INVITE has 1300 octets: {}",
            offer.len()
        );
        let (answer, theirs) = b.answer(offer.as_bytes(), SendRecv).unwrap();
        assert!(answer.contains(" RTP/SAVP 8 101\r\n"), "{answer}");
        assert_eq!(
            answer
                .matches("a=crypto:1 AEAD_AES_256_GCM inline:")
                .count(),
            1,
            "{answer}"
        );
        let ours = a.accept(answer.as_bytes()).unwrap();
        same_keys(&ours, &theirs);
        // Said again, as session timers have it: the same text, the same keys.
        assert_eq!(a.reoffer(), offer);
        let (again, agreed) = b.answer(offer.as_bytes(), SendRecv).unwrap();
        assert_eq!((again, agreed), (answer.clone(), theirs));
        assert_eq!(a.accept(answer.as_bytes()), Ok(ours));
    }
}

#[test]
fn what_does_not_fit_is_refused_with_its_reason() {
    let (plain, encrypted) = (
        session(1, Off).offer(SendRecv),
        session(1, Required).offer(SendRecv),
    );
    let answer = |srtp, offer: &str| {
        session(2, srtp)
            .answer(offer.as_bytes(), SendRecv)
            .map(|(_, a)| a.srtp.is_some())
    };
    assert_eq!(answer(Off, &plain), Ok(false));
    assert_eq!(answer(Preferred, &plain), Ok(false));
    assert_eq!(answer(Required, &plain), Err(Unusable::SrtpRequired));
    assert_eq!(answer(Off, &encrypted), Err(Unusable::SrtpOnly));
    assert_eq!(answer(Preferred, &encrypted), Ok(true));
    assert_eq!(answer(Required, &encrypted), Ok(true));
    // A suite that nobody knows, and DTLS-SRTP, which is not spoken.
    let unknown = encrypted.replace("AE", "XX").replace("AES_CM", "XX");
    assert_eq!(answer(Required, &unknown), Err(Unusable::SrtpOnly));
    let dtls = encrypted.replace("RTP/SAVP", "UDP/TLS/RTP/SAVP");
    assert_eq!(answer(Preferred, &dtls), Err(Unusable::SrtpOnly));
}

/// Some phones offer keys under RTP/AVP, to be taken or left.
#[test]
fn keys_offered_under_rtp_avp_are_taken_in_kind() {
    let offer = session(1, Required)
        .offer(SendRecv)
        .replace("RTP/SAVP", "RTP/AVP");
    let (answer, agreed) = session(2, Required)
        .answer(offer.as_bytes(), SendRecv)
        .unwrap();
    assert!(
        agreed.srtp.is_some() && answer.contains(" RTP/AVP 8 101"),
        "{answer}"
    );
    let (answer, agreed) = session(2, Off).answer(offer.as_bytes(), SendRecv).unwrap();
    assert!(
        agreed.srtp.is_none() && !answer.contains("crypto"),
        "{answer}"
    );
}

#[test]
fn both_profiles_side_by_side_are_answered_by_the_better_that_may_be() {
    let encrypted = session(1, Required).offer(SendRecv);
    let (_, line) = encrypted.split_once("m=audio").unwrap();
    let both = format!("{}m=audio{line}", session(1, Off).offer(SendRecv));
    for (srtp, first, second) in [
        (Preferred, "m=audio 0 RTP/AVP", "m=audio 4000 RTP/SAVP"),
        (Off, "m=audio 4000 RTP/AVP", "m=audio 0 RTP/SAVP"),
    ] {
        let (answer, agreed) = session(2, srtp).answer(both.as_bytes(), SendRecv).unwrap();
        let at = answer.find(first).zip(answer.find(second));
        assert!(at.is_some_and(|(a, b)| a < b), "{answer}");
        assert_eq!(agreed.srtp.is_some(), srtp == Preferred);
    }
}

#[test]
fn an_answer_must_choose_one_of_ours() {
    let mut a = session(1, Preferred);
    let offer = a.offer(SendRecv);
    let (answer, _) = session(2, Preferred)
        .answer(offer.as_bytes(), SendRecv)
        .unwrap();
    for (changed, why) in [
        (answer.replace("crypto:1", "crypto:2"), Unusable::SrtpOnly),
        (
            answer.replace("crypto:1 AEAD_AES_256_GCM", "crypto:9 AEAD_AES_256_GCM"),
            Unusable::SrtpOnly,
        ),
        (
            answer
                .replace("RTP/SAVP", "RTP/AVP")
                .replace("a=crypto", "a=x"),
            Unusable::SrtpRequired,
        ),
        (answer.replace("a=crypto", "a=x"), Unusable::SrtpRequired),
    ] {
        assert_eq!(a.accept(changed.as_bytes()), Err(why), "{changed}");
    }
    assert!(a.accept(answer.as_bytes()).is_ok());
    let mut plain = session(1, Off);
    plain.offer(SendRecv);
    assert_eq!(plain.accept(answer.as_bytes()), Err(Unusable::NoCodec));
}

#[test]
fn a_new_key_in_a_re_invite_changes_theirs_and_not_ours() {
    let (mut a, mut b) = (session(1, Required), session(2, Required));
    let (answer, first) = b.answer(a.offer(SendRecv).as_bytes(), SendRecv).unwrap();
    a.accept(answer.as_bytes()).unwrap();
    let purpose = b"the second time";
    let secrets = Secrets {
        secret: &[7; 32],
        purpose,
    };
    a.secure(Required, secrets);
    let offer = a.offer(SendRecv);
    let (answer, second) = b.answer(offer.as_bytes(), SendRecv).unwrap();
    let ours = a.accept(answer.as_bytes()).unwrap();
    same_keys(&ours, &second);
    let (first, second) = (first.srtp.unwrap(), second.srtp.unwrap());
    assert!(first.ours == second.ours && first.theirs != second.theirs);
}

#[test]
fn keys_are_in_no_debug_text() {
    let mut a = session(1, Required);
    let offer = a.offer(SendRecv);
    let (answer, agreed) = session(2, Required)
        .answer(offer.as_bytes(), SendRecv)
        .unwrap();
    a.accept(answer.as_bytes()).unwrap();
    let inline = offer
        .split("inline:")
        .nth(1)
        .and_then(|t| t.lines().next())
        .unwrap();
    let shown = format!("{a:?} {agreed:?} {:?}", agreed.flow(None, 1));
    assert!(
        !shown.contains(inline) && shown.contains("SrtpKey(..)"),
        "{shown}"
    );
    assert!(
        SrtpSuite::ALL
            .iter()
            .any(|s| shown.contains(&format!("{s:?}")))
    );
}
