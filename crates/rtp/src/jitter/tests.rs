use super::*;
use tandem_types::Rng;

/// The octet of a tick: never the silence octet, so what is heard can be told apart.
fn octet(tick: u32) -> u8 {
    (tick % 251) as u8
}
const SILENCE: u8 = 0xff;

fn payload(timestamp: u32, n: u32) -> Vec<u8> {
    (0..n).map(|i| octet(timestamp.wrapping_add(i))).collect()
}
fn buffer() -> JitterBuffer {
    JitterBuffer::new(JitterConfig::adaptive(Holds::Octets { silence: SILENCE }))
}

/// All that was pulled, also what was left out of it then.
#[derive(Default, Debug)]
struct Heard {
    octets: Vec<u8>,
    lost: usize,
    silence: usize,
}

impl Heard {
    /// 10 ms: corrects the delay by at most 5 ms of them, wherever there is a wish.
    fn tick(&mut self, buffer: &mut JitterBuffer) {
        let step = match buffer.correction().ticks {
            less @ 20.. if buffer.ready(80 + less.min(40) as usize) => less.min(40),
            more @ ..=-20 => more.max(-40),
            _ => 0,
        };
        self.pull(buffer, 80usize.saturating_add_signed(step as isize));
        buffer.pass(80, step);
    }

    fn pull(&mut self, buffer: &mut JitterBuffer, n: usize) {
        let mut total = 0;
        buffer.pull(n, |run| match run {
            Run::Audio(a) => {
                self.octets.extend_from_slice(a);
                total += a.len();
            }
            Run::Lost(k) => {
                self.lost += k;
                total += k;
            }
            Run::Silence(k) => {
                self.silence += k;
                total += k;
            }
            Run::Packet { .. } | Run::Recover { .. } => unreachable!("octets go in"),
        });
        assert_eq!(total, n, "a pull hands out what was asked for");
    }
}

/// Runs packets that arrive at given ticks of the receiver's clock; plays 10 ms every 80 ticks.
fn play(buffer: &mut JitterBuffer, mut arrivals: Vec<(u32, u16, u32, u32)>, until: u32) -> Heard {
    arrivals.sort();
    let mut heard = Heard::default();
    let mut next = arrivals.into_iter().peekable();
    for clock in (0..until).step_by(80) {
        while let Some((_, seq, ts, n)) = next.next_if(|a| a.0 <= clock) {
            buffer.insert(seq, ts, n, &payload(ts, n));
        }
        heard.tick(buffer);
    }
    heard
}

const START: u32 = u32::MAX - 20_000; // wraps on the way

fn even(packets: u32, n: u32) -> Vec<(u32, u16, u32, u32)> {
    (0..packets)
        .map(|i| {
            (
                i * n,
                65_500u16.wrapping_add(i as u16),
                START.wrapping_add(i * n),
                n,
            )
        })
        .collect()
}

#[test]
fn even_packets_of_any_length_come_out_whole_and_the_delay_goes_down_to_the_least() {
    for n in [80, 160, 240, 320, 480] {
        let mut b = buffer();
        let heard = play(&mut b, even(48_000 / n, n), 47_000);
        assert_eq!((heard.silence, heard.lost), (320, 0), "{n}: 40 ms");
        assert_eq!(
            heard.octets,
            payload(START, heard.octets.len() as u32),
            "{n}"
        );
        let counts = b.counts();
        let uneven = counts.late + counts.duplicate + counts.overflow + counts.put_in;
        assert_eq!(uneven, 0, "{n}: {counts:?}");
        // A packet's first octet is due after 10 ms, and up to 10 ms more are left alone.
        assert!(b.depth_ms() <= n / 8 + 22, "{n}: {} ms", b.depth_ms());
    }
}

#[test]
fn disorder_and_duplicates_within_the_delay_are_put_right() {
    let mut arrivals = even(300, 160);
    for pair in arrivals.chunks_exact_mut(2) {
        let late = pair[1].0 + 10;
        pair[0].0 = late; // each first comes after its second
    }
    let twice: Vec<_> = arrivals
        .iter()
        .step_by(3)
        .map(|a| (a.0 + 20, a.1, a.2, a.3))
        .collect();
    let copies = twice.len() as u64;
    arrivals.extend(twice);
    let mut b = buffer();
    let heard = play(&mut b, arrivals, 47_000);
    assert_eq!(heard.lost, 0);
    assert_eq!(
        heard.octets[..1000],
        payload(START.wrapping_add(heard_start(&heard)), 1000)
    );
    assert!(
        b.counts().duplicate + b.counts().late >= copies - 3,
        "{:?}",
        b.counts()
    );
}

/// The tick of the first octet heard, relative to `START`.
fn heard_start(heard: &Heard) -> u32 {
    (0..400)
        .find(|i| payload(START.wrapping_add(*i), 20) == heard.octets[..20])
        .unwrap()
}

#[test]
fn a_lost_packet_is_a_hole_of_its_length_in_its_place() {
    let arrivals = even(200, 160)
        .into_iter()
        .enumerate()
        .filter(|(i, _)| i % 10 != 5)
        .map(|(_, a)| a)
        .collect();
    let heard = play(&mut buffer(), arrivals, 31_000);
    assert!(
        heard.lost >= 18 * 160 && heard.lost <= 20 * 160,
        "{}",
        heard.lost
    );
    assert_eq!(
        heard.octets[800..1600],
        payload(START.wrapping_add(960), 640 + 160)[..],
        "the hole is after 800"
    );
}

#[test]
fn a_pause_that_the_sender_made_is_silence_and_not_loss() {
    let mut arrivals = even(50, 160);
    // 100 ms of pause: the sequence goes on, the timestamp leaps.
    arrivals.extend((0..50u32).map(|i| {
        let at = 50 * 160 + 800 + i * 160;
        (
            at,
            14u16.wrapping_add(i as u16),
            START.wrapping_add(at),
            160,
        )
    }));
    let mut b = buffer();
    let heard = play(&mut b, arrivals, 16_000);
    let silent = heard.octets.iter().filter(|o| **o == SILENCE).count();
    // Until the packet after the pause is there, nobody can know that it is one.
    assert!(
        heard.lost + silent == 800 && heard.lost <= 800,
        "{} lost, {silent} silent",
        heard.lost
    );
    assert_eq!(b.counts().late, 0);
}

#[test]
fn nothing_is_dropped_when_all_packets_stall_and_come_at_once() {
    for stall in [60u32, 100, 200, 300] {
        let mut arrivals = even(300, 160);
        let (from, to) = (100 * 160, 100 * 160 + stall * 8);
        for a in &mut arrivals {
            if (from..to).contains(&a.0) {
                a.0 = to;
            }
        }
        let mut b = buffer();
        let heard = play(&mut b, arrivals, 47_000);
        assert_eq!(b.counts().late, 0, "{stall} ms");
        assert_eq!(b.counts().overflow, 0, "{stall} ms");
        let gone = 300 * 160 - heard.octets.len() as u64 - u64::from(b.depth());
        assert!(gone <= 1000, "{stall} ms: {gone}");
    }
}

#[test]
fn the_delay_grows_with_jitter_and_shrinks_again() {
    let mut rng = Rng::seeded(5);
    let mut arrivals = even(3000, 160);
    for (i, a) in arrivals.iter_mut().enumerate() {
        if (500..1500).contains(&i) {
            a.0 += rng.below(560) as u32; // up to 70 ms
        }
    }
    let mut b = buffer();
    arrivals.sort();
    let (mut lost_late, mut deepest, mut heard) = (0, 0, Heard::default());
    let mut next = arrivals.into_iter().peekable();
    for clock in (0..2990 * 160u32).step_by(80) {
        while let Some((_, seq, ts, n)) = next.next_if(|a| a.0 <= clock) {
            b.insert(seq, ts, n, &payload(ts, n));
        }
        let before = heard.lost;
        heard.tick(&mut b);
        // Once it has learnt, hardly anything is missing.
        if (800 * 160..1500 * 160).contains(&clock) {
            lost_late += heard.lost - before;
            deepest = deepest.max(b.depth_ms());
        }
    }
    assert!(lost_late < 700 * 160 / 100, "{lost_late} octets");
    assert!((70..=120).contains(&deepest), "{deepest} ms");
    assert!(b.depth_ms() <= 40, "{} ms at the end", b.depth_ms());
    assert_eq!(b.counts().overflow, 0);
}

#[test]
fn a_clock_that_is_off_is_absorbed_both_ways() {
    // Ten minutes: 60 ms in all, and 180.
    for ppm in [-300i64, -100, 100, 300] {
        let packets = 30_000u32;
        let mut b = buffer();
        let arrivals = even(packets, 160)
            .into_iter()
            .map(|a| {
                (
                    (i64::from(a.0) * (1_000_000 + ppm) / 1_000_000) as u32,
                    a.1,
                    a.2,
                    a.3,
                )
            })
            .collect();
        let heard = play(&mut b, arrivals, packets * 160 - 5000);
        assert_eq!(heard.lost, 0, "{ppm} ppm");
        let (waits, counts) = (b.depth_ms(), b.counts());
        assert!((5..=55).contains(&waits), "{ppm} ppm: {waits} ms");
        let made_up = counts.left_out as i64 - counts.put_in as i64;
        let drift = -ppm * 4800 / 1000;
        assert!((made_up - drift).abs() < 400, "{ppm} ppm: {counts:?}");
    }
}

#[test]
fn a_leap_of_the_timestamps_starts_anew_and_a_lone_stray_does_not() {
    let mut arrivals = even(100, 160);
    arrivals.push((50 * 160 + 1, 9, START.wrapping_add(900_000), 160));
    for (i, a) in arrivals.iter_mut().enumerate().skip(80) {
        if i < 100 {
            a.2 = a.2.wrapping_add(5_000_000);
        }
    }
    let mut b = buffer();
    let heard = play(&mut b, arrivals, 17_000);
    let tail = payload(START.wrapping_add(5_000_000 + 99 * 160), 160);
    assert_eq!(
        heard.octets[heard.octets.len() - 160..],
        tail[..],
        "played to the end"
    );
    let gone = 100 * 160 - heard.octets.len();
    assert!(
        gone <= 160 + 320,
        "{gone}: no more than the odd packet and what waited for its turn"
    );
}

#[test]
fn a_sender_whose_clock_stood_still_in_its_pause_loses_nothing() {
    for pause in [100u32, 500, 2000, 60_000] {
        let mut arrivals = even(100, 160);
        for a in &mut arrivals[50..] {
            a.0 += pause * 8;
        }
        let mut b = buffer();
        let heard = play(&mut b, arrivals, 100 * 160 + pause * 8 + 2000);
        assert_eq!(
            heard.octets.len(),
            100 * 160,
            "{pause} ms: {:?}",
            b.counts()
        );
    }
}

#[test]
fn what_was_relayed_is_known_and_sound_goes_on_without_delay() {
    let mut b = buffer();
    for (_, seq, ts, n) in even(20, 160) {
        b.follow(seq, ts, n, &payload(ts, n));
    }
    let mut recent = Vec::new();
    assert!(b.recent(390, |run| match run {
        Run::Audio(octets) => recent.extend_from_slice(octets),
        other => panic!("{other:?}"),
    }));
    assert_eq!(recent, payload(START.wrapping_add(20 * 160 - 390), 390));
    let mut heard = Heard::default();
    heard.pull(&mut b, 80);
    assert_eq!(heard.lost, 80, "nothing there yet: to be concealed");
    let ts = START.wrapping_add(20 * 160);
    assert_eq!(b.insert(65_520, ts, 160, &payload(ts, 160)), Inserted::Kept);
    heard.pull(&mut b, 160);
    assert_eq!(
        heard.octets,
        payload(ts, 160),
        "not a sample of it is left out"
    );
}

#[test]
fn floods_and_stumps_do_no_harm() {
    let mut b = buffer();
    assert_eq!(b.insert(0, 0, 0, &[]), Inserted::Stray);
    assert_eq!(b.insert(0, 0, 5000, &[0; 5000]), Inserted::Stray);
    for i in 0..100u32 {
        b.insert(i as u16, i * 160, 160, &payload(i * 160, 160));
    }
    assert!(b.counts().overflow > 0 && b.depth() <= CAPACITY as u32);
}

proptest::proptest! {
    #[test]
    fn whatever_comes_a_pull_hands_out_what_was_asked_for(steps in proptest::collection::vec((proptest::num::u16::ANY, proptest::num::u32::ANY, 0usize..700, 0usize..400, 0u8..4), 1..80)) {
        let mut b = buffer();
        let mut base = 0u32;
        for (seq, ts, n, pull, how) in steps {
            base = match how { 0 => ts, 1 => base.wrapping_add(ts % 5000), 2 => base.wrapping_sub(ts % 5000), _ => base.wrapping_add(160) };
            if how == 3 && ts % 7 == 0 { b.follow(seq, base, n as u32, &vec![1; n]) } else { b.insert(seq, base, n as u32, &vec![1; n]); }
            Heard::default().pull(&mut b, pull);
            b.pass(pull.min(80), pull.saturating_sub(80) as i32 % 100);
            assert!(b.depth() <= CAPACITY as u32);
        }
    }
}

/// A buffer of packets that are decoded whole, with what was pulled out of it.
struct Whole {
    buffer: JitterBuffer,
    heard: Vec<String>,
}

impl Whole {
    fn new() -> Self {
        Self {
            buffer: JitterBuffer::new(JitterConfig::adaptive(Holds::Packets)),
            heard: Vec::new(),
        }
    }

    /// A packet of 20 ms with its number in it.
    fn packet(&mut self, n: u32) -> Inserted {
        let tick = START.wrapping_add(n * 160);
        self.buffer.insert(n as u16, tick, 160, &[n as u8; 30])
    }

    /// 10 ms are wanted; returns how much came.
    fn pull(&mut self) -> usize {
        let (mut total, heard) = (0, &mut self.heard);
        self.buffer.pull(80, |run| {
            let (ticks, said) = match run {
                Run::Packet {
                    payload,
                    skip: 0,
                    ticks,
                } => (ticks, format!("{}", payload[0])),
                Run::Packet {
                    payload,
                    skip,
                    ticks,
                } => (ticks, format!("{} from {skip}", payload[0])),
                Run::Lost(n) => (n, format!("lost {n}")),
                Run::Recover { ticks, from } => (ticks, format!("{ticks} by {}", from[0])),
                Run::Silence(n) => (n, "-".to_owned()),
                Run::Audio(_) => unreachable!("packets go in"),
            };
            heard.push(said);
            total += ticks;
        });
        self.buffer.pass(total, 0);
        total
    }

    /// What is heard until so much was pulled, the silence before the first left out.
    fn play(&mut self, ticks: usize) -> Vec<String> {
        let mut done = 0;
        while done < ticks {
            done += self.pull();
        }
        self.heard.retain(|h| h != "-");
        std::mem::take(&mut self.heard)
    }
}

#[test]
fn packets_come_out_whole_and_in_order() {
    let mut w = Whole::new();
    for n in [0, 2, 1, 3] {
        assert_eq!(w.packet(n), Inserted::Kept);
    }
    assert_eq!(w.packet(2), Inserted::Duplicate);
    assert!(w.buffer.ready(0));
    assert_eq!(w.play(320 + 4 * 160), ["0", "1", "2", "3"]);
    assert_eq!(w.buffer.depth(), 0);
    assert_eq!(w.packet(1), Inserted::Late);
}

#[test]
fn what_is_lost_is_recovered_from_the_packet_after_it_if_that_is_there() {
    let mut w = Whole::new();
    for n in [0, 1, 3, 6] {
        w.packet(n);
    }
    assert_eq!(
        w.play(320 + 7 * 160),
        [
            "0", "1", "160 by 3", "3", "lost 80", "lost 80", "160 by 6", "6"
        ]
    );
    // Nothing after it is there yet: made up by pieces, until something comes.
    assert_eq!(w.pull(), 80);
    w.packet(8);
    assert_eq!(w.play(80 + 160), ["lost 80", "80 by 8", "8"]);
}

#[test]
fn a_packet_that_is_only_late_is_played_where_nothing_after_it_was() {
    let mut w = Whole::new();
    w.packet(0);
    let _ = w.play(320 + 160 + 80);
    assert_eq!(w.packet(1), Inserted::Kept);
    assert_eq!(w.play(160), ["1"]);
}

#[test]
fn a_pause_that_the_sender_made_is_not_recovered() {
    let mut w = Whole::new();
    w.packet(0);
    let tick = START.wrapping_add(160 + 160);
    w.buffer.insert(1, tick, 160, &[1; 30]);
    assert_eq!(w.play(320 + 3 * 160), ["0", "lost 160", "1"]);
}

#[test]
fn the_last_packets_are_known_whether_they_were_played_or_relayed() {
    let mut w = Whole::new();
    for n in 0..20u32 {
        let tick = START.wrapping_add(n * 160);
        w.buffer.follow(n as u16, tick, 160, &[n as u8; 30]);
    }
    let recent = |b: &JitterBuffer| {
        let mut all = Vec::new();
        assert!(b.recent(400, |run| {
            if let Run::Packet { payload, .. } = run {
                all.push(payload[0]);
            }
        }));
        all
    };
    assert_eq!(recent(&w.buffer), [16, 17, 18, 19]);
    for n in [20, 22, 21] {
        w.packet(n);
    }
    let mut waiting = Vec::new();
    w.buffer.waiting(|run| {
        if let Run::Packet { payload, .. } = run {
            waiting.push(payload[0]);
        }
    });
    assert_eq!(waiting, [20, 21, 22]);
    assert_eq!(w.play(3 * 160), ["20", "21", "22"]);
    assert_eq!(recent(&w.buffer), [19, 20, 21, 22]);
}

proptest::proptest! {
    #[test]
    fn whatever_packets_come_a_pull_hands_out_at_least_what_was_asked_for(steps in proptest::collection::vec((proptest::num::u16::ANY, proptest::num::u32::ANY, 0u32..960, 1usize..400, 0u8..4), 1..80)) {
        let mut b = JitterBuffer::new(JitterConfig::adaptive(Holds::Packets));
        let mut base = 0u32;
        for (seq, ts, ticks, pull, how) in steps {
            base = match how { 0 => ts, 1 => base.wrapping_add(ts % 5000), 2 => base.wrapping_sub(ts % 5000), _ => base.wrapping_add(160) };
            if how == 3 && ts % 7 == 0 { b.follow(seq, base, ticks, &[1; 9]) } else { b.insert(seq, base, ticks, &[1; 9]); }
            let mut total = 0;
            b.pull(pull, |run| total += match run {
                Run::Packet { ticks, .. } | Run::Recover { ticks, .. } => ticks,
                Run::Lost(n) | Run::Silence(n) => n,
                Run::Audio(_) => unreachable!("packets go in"),
            });
            assert!((pull..pull + 960).contains(&total), "{total} for {pull}");
            b.recent(400, |_| ());
            b.waiting(|_| ());
            b.pass(total, 0);
        }
    }
}
