//! An office that asks its phones by SHA-256 before MD5 is answered so by a phone that knows both. Its first REGISTER was a stranger's, and
//! too short to be answered by both challenges: that one was asked by the last alone.

use super::common::*;
use std::{cell::Cell, rc::Rc};

#[test]
fn a_phone_proves_itself_by_the_hash_that_the_office_prefers() {
    let config = Config::office().with(
        "domain = \"phones.example\"",
        "domain = \"phones.example\"\ndigest = [\"sha-256\", \"md5\"]",
    );
    let name = "a_phone_proves_itself_by_the_hash_that_the_office_prefers";
    scenario_in(&config, name, |o| {
        let proofs = Rc::new(Cell::new((0, 0)));
        let count = proofs.clone();
        o.net.drop_all(move |p| {
            let text = String::from_utf8_lossy(&p.bytes);
            if let Some((_, proof)) = text.split_once("uthorization: Digest ") {
                let (sha, all) = count.get();
                let strong = proof.contains("algorithm=SHA-256");
                count.set((sha + u32::from(strong), all + 1));
            }
            false
        });
        let desk = o.desk("203", Incoming::Ring);
        assert_eq!(proofs.get(), (0, 1), "REGISTER\n{}", o.ladder());
        o.calls(desk, "2000");
        o.answers(desk);
        let (sha, all) = proofs.get();
        assert!(all > 1 && sha == all - 1, "{sha} of {all}\n{}", o.ladder());
        o.hangs_up(desk);
        o.ends(Party::Caller, Reason::Normal);
    });
}
