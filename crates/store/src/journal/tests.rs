mod trouble;

use super::{
    chain::GENESIS,
    reader::{self, Chained, Position},
    *,
};
use std::{
    fs::{self, OpenOptions},
    io::Write,
    path::PathBuf,
};
use tandem_types::{
    CallId, LegId, Party, Reason, Rng, Termination,
    journal::{LegRole, What},
    media::LegStats,
};
use trouble::{Trouble, troubled};

const SECOND: i64 = 1_000_000;
const T0: Wall = Wall(1_790_000_000 * SECOND);

fn call(n: u128) -> CallId {
    CallId(n)
}

fn leg(n: u128) -> LegId {
    LegId {
        call: call(n),
        index: 1,
    }
}

fn event(n: u128, seq: u32, what: What) -> Event {
    Event {
        call: call(n),
        seq,
        at: Wall(T0.0 + i64::from(seq) * SECOND),
        what,
    }
}

fn alarm(n: u128, seq: u32) -> Event {
    event(
        n,
        seq,
        What::Alarm {
            text: format!("number {seq}"),
        },
    )
}

fn started(n: u128) -> Event {
    let (from, to, via) = ("020".to_owned(), "100".to_owned(), "carrier-a".to_owned());
    let (start, sip_call_id) = ("agent:front-desk".to_owned(), "x@y".to_owned());
    event(
        n,
        1,
        What::CallStarted {
            from,
            to,
            via,
            dialplan: None,
            start,
            sip_call_id,
        },
    )
}

fn leg_created(n: u128, seq: u32) -> Event {
    let (peer, sip_call_id) = ("020".to_owned(), "x@y".to_owned());
    event(
        n,
        seq,
        What::LegCreated {
            leg: leg(n),
            role: LegRole::Caller,
            peer,
            sip_call_id,
        },
    )
}

fn ended(n: u128, seq: u32) -> Event {
    let end = Termination::new(Party::Caller, Reason::Normal);
    event(
        n,
        seq,
        What::CallEnded {
            end,
            duration_ms: 1,
            billed_ms: 0,
        },
    )
}

fn measured(n: u128, seq: u32) -> Event {
    event(
        n,
        seq,
        What::LegMeasured {
            leg: leg(n),
            stats: LegStats::default(),
        },
    )
}

fn all(dir: &Path) -> Vec<Chained> {
    let batch = reader::read(dir, 0, Position::default(), usize::MAX).unwrap();
    assert_eq!(batch.behind, 0);
    batch
        .entries
        .into_iter()
        .map(|e| *e.line.unwrap())
        .collect()
}

/// Every call's events are there from 1 on, in order, each chained to the one before.
fn assert_whole(events: &[Chained]) {
    let mut tips: BTreeMap<CallId, (u32, String)> = BTreeMap::new();
    for e in events {
        let (seq, prev) = tips
            .remove(&e.event.call)
            .unwrap_or((0, GENESIS.to_owned()));
        assert_eq!(e.event.seq, seq + 1);
        assert_eq!(e.prev(), prev.as_str());
        assert_eq!(e.hash(), chain::hash(&prev, e.json()));
        tips.insert(e.event.call, (e.event.seq, e.hash().to_owned()));
    }
}

fn later(seconds: i64) -> Wall {
    Wall(T0.0 + seconds * SECOND)
}

#[test]
fn a_step_is_one_write_and_reads_back_as_a_whole_chain() {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, trouble) = troubled(dir.path(), Limits::default());
    let out = journal.append(T0, [started(1), alarm(1, 2), started(2)]);
    assert_eq!(
        out,
        Outcome {
            written: 3,
            ..Outcome::default()
        }
    );
    let out = journal.append(T0, [alarm(1, 3), alarm(2, 2)]);
    assert_eq!(out.written, 2);
    assert_eq!(trouble.lock().unwrap().writes, 2);
    assert_eq!(journal.append(T0, [] as [Event; 0]), Outcome::default());
    assert_eq!(
        trouble.lock().unwrap().writes,
        2,
        "nothing to write, no write"
    );

    let events = all(dir.path());
    assert_whole(&events);
    let order: Vec<_> = events
        .iter()
        .map(|e| (e.event.call.0, e.event.seq))
        .collect();
    assert_eq!(order, [(1, 1), (1, 2), (2, 1), (1, 3), (2, 2)]);
    assert_eq!(*events[1].event, alarm(1, 2));
}

#[test]
fn a_torn_last_line_is_cut_off_and_the_chain_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, _) = Journal::open(dir.path(), 0, Fsync::Always).unwrap();
    let _ = journal.append(T0, [started(1), alarm(1, 2)]);
    drop(journal);
    let path = segment::path(dir.path(), 0, 1);
    let mut file = OpenOptions::new().append(true).open(path).unwrap();
    file.write_all(b"{\"event\":{\"call\":\"0000").unwrap();
    assert_eq!(
        all_but_torn(dir.path()),
        2,
        "a reader waits for the rest of a line"
    );

    let (mut journal, recovered) = Journal::open(dir.path(), 0, Fsync::Always).unwrap();
    assert_eq!(recovered.torn_bytes, 22);
    assert_eq!(recovered.unreadable, 0);
    let _ = journal.append(T0, [alarm(1, 3)]);
    let events = all(dir.path());
    assert_eq!(events.len(), 3);
    assert_whole(&events);
}

fn all_but_torn(dir: &Path) -> usize {
    let batch = reader::read(dir, 0, Position::default(), usize::MAX).unwrap();
    assert_eq!(batch.behind, 22);
    batch.entries.len()
}

#[test]
fn a_spoilt_line_in_the_middle_is_counted_and_the_rest_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, _) = Journal::open(dir.path(), 0, Fsync::Never).unwrap();
    let _ = journal.append(T0, [started(1), alarm(1, 2), alarm(1, 3)]);
    drop(journal);
    let path = segment::path(dir.path(), 0, 1);
    let text = fs::read_to_string(&path)
        .unwrap()
        .replace("number 2", "number \"2");
    fs::write(&path, text).unwrap();
    let (journal, recovered) = Journal::open(dir.path(), 0, Fsync::Never).unwrap();
    assert_eq!((recovered.unreadable, recovered.torn_bytes), (1, 0));
    assert_eq!(journal.heads().of(call(1)).unwrap().open.seq, 3);
    let batch = reader::read(dir.path(), 0, Position::default(), 100).unwrap();
    let readable: Vec<_> = batch.entries.iter().map(|e| e.line.is_ok()).collect();
    assert_eq!(readable, [true, false, true]);
}

#[test]
fn a_full_disk_alarms_once_and_everything_is_written_in_order_when_it_is_back() {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, trouble) = troubled(dir.path(), Limits::default());
    let _ = journal.append(later(0), [started(1)]);
    trouble.lock().unwrap().full = true;
    let out = journal.append(later(1), [alarm(1, 2)]);
    assert!(matches!(&out.alarms[..], [Alarm::DiskFailed { error }] if error.contains("space")));
    assert_eq!((out.written, out.waiting), (0, 1));

    let tried = trouble.lock().unwrap().writes;
    let out = journal.append(later(1), [alarm(1, 3)]);
    assert_eq!((out.waiting, &out.alarms[..]), (2, &[][..]));
    assert_eq!(
        trouble.lock().unwrap().writes,
        tried,
        "left alone for a second"
    );
    let out = journal.append(later(3), [alarm(1, 4)]);
    assert_eq!(
        (out.waiting, &out.alarms[..]),
        (3, &[][..]),
        "tried again, one alarm only"
    );
    assert_eq!(trouble.lock().unwrap().writes, tried + 1);

    trouble.lock().unwrap().full = false;
    let out = journal.flush(later(5));
    assert_eq!((out.written, out.waiting), (3, 0));
    assert_eq!(out.alarms, [Alarm::DiskBack { dropped: 0 }]);
    let _ = journal.append(later(6), [alarm(1, 5)]);
    let events = all(dir.path());
    assert_eq!(events.len(), 5);
    assert_whole(&events);
}

#[test]
fn a_write_that_stops_within_a_line_keeps_the_whole_lines() {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, trouble) = troubled(dir.path(), Limits::default());
    let _ = journal.append(later(0), [started(1)]);
    trouble.lock().unwrap().take_only = Some(400);
    let out = journal.append(later(1), [alarm(1, 2), alarm(1, 3)]);
    assert_eq!(out.waiting, 1, "one line fits into 400 bytes");
    assert!(matches!(out.alarms[..], [Alarm::DiskFailed { .. }]));
    let out = journal.flush(later(3));
    assert_eq!((out.written, out.waiting), (1, 0));
    let events = all(dir.path());
    assert_eq!(events.len(), 3);
    assert_whole(&events);
}

#[test]
fn a_full_ring_drops_the_oldest_and_counts_them() {
    let dir = tempfile::tempdir().unwrap();
    let limits = Limits {
        ring_events: 3,
        ..Limits::default()
    };
    let (mut journal, trouble) = troubled(dir.path(), limits);
    let _ = journal.append(later(0), [started(1)]);
    trouble.lock().unwrap().full = true;
    let _ = journal.append(later(1), [alarm(1, 2)]);
    let out = journal.append(later(1), [alarm(1, 3), alarm(1, 4), alarm(1, 5)]);
    assert_eq!((out.waiting, out.dropped), (3, 1));
    assert_eq!(out.alarms, [Alarm::Dropping]);
    let out = journal.append(later(1), [alarm(1, 6)]);
    assert_eq!((out.waiting, out.dropped, out.alarms.len()), (3, 2, 0));
    trouble.lock().unwrap().full = false;
    let out = journal.flush(later(9));
    assert_eq!(out.alarms, [Alarm::DiskBack { dropped: 2 }]);
    let seqs: Vec<_> = all(dir.path()).iter().map(|e| e.event.seq).collect();
    assert_eq!(seqs, [1, 4, 5, 6]);
}

#[test]
fn a_segment_that_vanished_is_followed_by_a_new_one() {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, trouble) = troubled(dir.path(), Limits::default());
    let _ = journal.append(later(0), [started(1)]);
    trouble.lock().unwrap().full = true;
    let _ = journal.append(later(1), [alarm(1, 2)]);
    trouble.lock().unwrap().full = false;
    fs::remove_file(segment::path(dir.path(), 0, 1)).unwrap();
    let out = journal.flush(later(9));
    assert_eq!(out.alarms, [Alarm::DiskBack { dropped: 0 }]);
    assert!(segment::path(dir.path(), 0, 2).exists());
    drop(journal);
    let (journal, recovered) = Journal::open(dir.path(), 0, Fsync::Never).unwrap();
    assert_eq!(
        recovered.open.len(),
        1,
        "the header of the new segment knows the call"
    );
    assert_eq!(journal.heads().of(call(1)).unwrap().open.seq, 2);
}

#[test]
fn segments_rotate_and_the_last_one_is_enough_to_go_on() {
    let dir = tempfile::tempdir().unwrap();
    let limits = Limits {
        segment_bytes: 600,
        ..Limits::default()
    };
    let (mut journal, _) = Journal::open_with(dir.path(), 0, Fsync::Never, limits).unwrap();
    let _ = journal.append(T0, [started(1), leg_created(1, 2)]);
    for seq in 3..9 {
        let _ = journal.append(T0, [alarm(1, seq)]);
    }
    let before = journal.heads().clone();
    drop(journal);
    let segments = segment::list(dir.path()).unwrap().remove(&0).unwrap();
    assert!(segments.len() > 2, "{segments:?}");
    assert_whole(&all(dir.path()));
    let last = *segments.last().unwrap();
    let removed = reader::prune(
        dir.path(),
        0,
        Position {
            segment: last,
            byte: 0,
        },
    )
    .unwrap();
    assert_eq!(removed, segments.len() - 1);

    let (mut journal, recovered) = Journal::open_with(dir.path(), 0, Fsync::Never, limits).unwrap();
    assert_eq!(*journal.heads(), before);
    assert_eq!(recovered.open[0].1.open.started, started(1).at);
    let _ = journal.append(T0, [alarm(1, 9)]);
    let last_event = all(dir.path()).pop().unwrap();
    assert_eq!(last_event.prev(), before.of(call(1)).unwrap().hash);
}

#[test]
fn a_segment_with_a_torn_header_is_begun_again() {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, _) = Journal::open(dir.path(), 0, Fsync::Never).unwrap();
    let _ = journal.append(T0, [started(1)]);
    drop(journal);
    fs::write(segment::path(dir.path(), 0, 2), b"{\"tandem_journal\":1,").unwrap();
    let from = reader::read(dir.path(), 0, Position::default(), 9)
        .unwrap()
        .next;
    assert_eq!(from.segment, 1, "a reader does not go there yet");
    let (mut journal, recovered) = Journal::open(dir.path(), 0, Fsync::Never).unwrap();
    assert_eq!(recovered.open.len(), 1);
    let _ = journal.append(T0, [alarm(1, 2)]);
    let events = all(dir.path());
    assert_eq!(events.len(), 2);
    assert_whole(&events);
}

#[test]
fn calls_that_a_crash_left_open_are_closed_once() {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, _) = Journal::open(dir.path(), 0, Fsync::Never).unwrap();
    let answered = event(1, 3, What::CallAnswered);
    let _ = journal.append(T0, [started(1), leg_created(1, 2), answered]);
    let _ = journal.append(T0, [started(2), leg_created(2, 2), ended(2, 3)]);
    let _ = journal.append(T0, [started(3), alarm(3, 11)]);
    drop(journal);

    let (mut journal, recovered) = Journal::open(dir.path(), 0, Fsync::Never).unwrap();
    let closing = recovered.closing();
    let what: Vec<_> = closing.iter().map(|e| (e.call.0, e.seq, &e.what)).collect();
    let end = Termination::new(Party::Gateway, Reason::Internal);
    // The gateway lived at least until second 11.
    let first = What::CallEnded {
        end,
        duration_ms: 10_000,
        billed_ms: 8_000,
    };
    let third = What::CallEnded {
        end,
        duration_ms: 10_000,
        billed_ms: 0,
    };
    assert_eq!(
        what,
        [
            (1, 4, &What::LegEnded { leg: leg(1), end }),
            (1, 5, &first),
            (3, 12, &third)
        ]
    );
    let _ = journal.append(T0, closing);
    drop(journal);
    let (_, recovered) = Journal::open(dir.path(), 0, Fsync::Never).unwrap();
    assert!(recovered.closing().is_empty());
}

#[test]
fn a_head_goes_when_the_call_is_over_and_measured() {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, _) = Journal::open(dir.path(), 0, Fsync::Never).unwrap();
    let _ = journal.append(T0, [started(1), leg_created(1, 2), ended(1, 3)]);
    assert!(
        journal.heads().of(call(1)).is_some(),
        "its measures are to come"
    );
    let _ = journal.append(T0, [measured(1, 4)]);
    assert!(journal.heads().of(call(1)).is_none());
    assert_whole(&all(dir.path()));

    let _ = journal.append(T0, [started(2), leg_created(2, 2), ended(2, 3)]);
    let mut much_later = started(3);
    much_later.at = Wall(ended(2, 3).at.0 + 600 * SECOND);
    let _ = journal.append(T0, [much_later]);
    assert!(
        journal.heads().of(call(2)).is_none(),
        "measures that never come are not waited for"
    );
    assert!(journal.heads().of(call(3)).is_some());
}

#[test]
fn one_process_owns_a_shard() {
    let dir = tempfile::tempdir().unwrap();
    let first = Journal::open(dir.path(), 0, Fsync::Never).unwrap();
    assert!(matches!(
        Journal::open(dir.path(), 0, Fsync::Never),
        Err(JournalError::InUse { .. })
    ));
    let (other, _) = Journal::open(dir.path(), 1, Fsync::Never).unwrap();
    assert_eq!(
        first.0.id(),
        other.id(),
        "one id for all shards of a directory"
    );
    drop(first);
    Journal::open(dir.path(), 0, Fsync::Never).unwrap();
    let blocked = PathBuf::from("/dev/null/journal");
    assert!(matches!(
        Journal::open(blocked, 0, Fsync::Never),
        Err(JournalError::Io { .. })
    ));
}

/// Model test: whatever the disk does and whenever the process dies with nothing waiting, the
/// journal is one whole chain of what was appended.
#[test]
fn any_mixture_of_faults_and_restarts_leaves_whole_chains() {
    for seed in 0..60 {
        let mut rng = Rng::seeded(seed);
        let dir = tempfile::tempdir().unwrap();
        let limits = Limits {
            segment_bytes: 2000,
            ..Limits::default()
        };
        let (mut journal, mut trouble) = troubled(dir.path(), limits);
        let mut seqs = [0u32; 3];
        for step in 0..60 {
            match rng.below(8) {
                0 => trouble.lock().unwrap().full ^= true,
                1 => trouble.lock().unwrap().take_only = Some(rng.below(700) as usize),
                2 if journal.waiting() == 0 => {
                    drop(journal);
                    (journal, trouble) = troubled(dir.path(), limits);
                }
                _ => {}
            }
            let n = rng.below(3);
            let count = 1 + rng.below(4) as u32;
            let seq = &mut seqs[n as usize];
            let events: Vec<_> = (*seq + 1..=*seq + count)
                .map(|s| alarm(u128::from(n), s))
                .collect();
            *seq += count;
            let _ = journal.append(later(step * 2), events);
        }
        *trouble.lock().unwrap() = Trouble::default();
        let _ = journal.flush(later(1000));
        let _ = journal.flush(later(1002));
        assert_eq!(journal.waiting(), 0);
        let events = all(dir.path());
        assert_eq!(events.len() as u32, seqs.iter().sum::<u32>(), "seed {seed}");
        assert_whole(&events);
    }
}
