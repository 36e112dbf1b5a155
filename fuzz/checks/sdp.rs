//! What holds for any bytes that come as SDP.

use tandem_sdp::{Direction, Session};
use tandem_types::media::Codec;

fn ours(port: u16) -> Session {
    let local = std::net::SocketAddr::from(([192, 0, 2, 1], port));
    Session::new(77, local, vec![Codec::Pcma, Codec::Pcmu], true)
}

/// An offer that is taken is answered so that its sender could take the answer; an answer that is not taken leaves all as it was.
pub(crate) fn sdp(data: &[u8]) {
    let mut us = ours(10_000);
    if let Ok((text, agreed)) = us.answer(data, Direction::SendRecv) {
        assert_eq!(us.agreed(), Some(&agreed));
        assert!(text.starts_with("v=0\r\n") && text.ends_with("\r\n"));
        assert!(
            !text.contains('\0'),
            "a line end or NUL of theirs is not passed on"
        );
        let again = us.answer(data, Direction::SendRecv).expect("taken before");
        assert_eq!(again.1.codec, agreed.codec);
        let _ = us.offer(Direction::SendOnly);
    }
    let mut offering = ours(10_002);
    let offer = offering.offer(Direction::SendRecv);
    let (answer, _) = ours(10_004)
        .answer(offer.as_bytes(), Direction::SendRecv)
        .expect("our own offer");
    offering.accept(answer.as_bytes()).expect("our own answer");
    let before = offering.agreed().cloned();
    if offering.accept(data).is_err() {
        assert_eq!(offering.agreed().cloned(), before);
    }
}
