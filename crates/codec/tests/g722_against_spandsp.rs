//! G.722, bit by bit, against the library that telephones have had for twenty years: spandsp, as the distribution has
//! it (package libspandsp2, which baresip needs too). The Recommendation's own test sequences are not free to ship.
//!
//! One difference is meant: where the decoder's sound leaves 16 bits, ours is limited, as in the ITU's software (G.191), and
//! spandsp's wraps round, which is a crack.

use libloading::{Library, Symbol};
use proptest::prelude::*;
use std::{
    ffi::{c_int, c_void},
    ptr,
};
use tandem_codec::g722::{Decoder, Encoder};

type Init = unsafe extern "C" fn(*mut c_void, c_int, c_int) -> *mut c_void;
type Convert<From, To> = unsafe extern "C" fn(*mut c_void, *mut To, *const From, c_int) -> c_int;
type Free = unsafe extern "C" fn(*mut c_void) -> c_int;

const BIT_RATE: c_int = 64_000;

fn spandsp() -> Library {
    // SAFETY: a library of plain C functions; loading it runs no code of ours.
    #[expect(unsafe_code, reason = "the reference is a C library")]
    let library = unsafe { Library::new("libspandsp.so.2") };
    library.expect("libspandsp.so.2 (package libspandsp2; `make setup` installs it)")
}

/// What spandsp makes of pairs of samples, from a fresh state.
fn their_octets(library: &Library, sound: &[i16]) -> Vec<u8> {
    converted(library, "g722_encode", sound, sound.len() / 2)
}

/// What spandsp makes of octets.
fn their_sound(library: &Library, octets: &[u8]) -> Vec<i16> {
    converted(library, "g722_decode", octets, octets.len() * 2)
}

/// All of `from` through one of its two directions, `n` units long as they come out.
fn converted<From, To: Clone + Default>(
    library: &Library,
    name: &str,
    from: &[From],
    n: usize,
) -> Vec<To> {
    let mut to = vec![To::default(); n];
    // SAFETY: signatures as in spandsp/g722.h, for samples and octets as the two callers have them; init with a null state
    // allocates one; and mode 64000 without options writes an octet for each pair of samples, and the reverse.
    #[expect(unsafe_code, reason = "the reference is a C library")]
    unsafe {
        let symbol = |end: &str| format!("{name}{end}");
        let init: Symbol<'_, Init> = library.get(symbol("_init")).expect("it is there");
        let convert: Symbol<'_, Convert<From, To>> = library.get(name).expect("it is there");
        let free: Symbol<'_, Free> = library.get(symbol("_free")).expect("it is there");
        let state = init(ptr::null_mut(), BIT_RATE, 0);
        let made = convert(state, to.as_mut_ptr(), from.as_ptr(), from.len() as c_int);
        free(state);
        assert_eq!(made as usize, n);
    }
    to
}

fn our_octets(sound: &[i16]) -> Vec<u8> {
    let mut octets = vec![0; sound.len() / 2];
    Encoder::new().encode(sound, &mut octets);
    octets
}

fn our_sound(octets: &[u8]) -> Vec<i16> {
    let mut sound = vec![0; octets.len() * 2];
    Decoder::new().decode(octets, &mut sound);
    sound
}

fn same_octets(what: &str, ours: &[u8], theirs: &[u8]) {
    let first = ours.iter().zip(theirs).position(|(a, b)| a != b);
    assert_eq!(first, None, "{what}: ours and theirs part here");
    assert_eq!(ours.len(), theirs.len());
}

fn same_sound(what: &str, ours: &[i16], theirs: &[i16]) {
    let limited = |s: i16| s == i16::MAX || s == i16::MIN;
    let pairs = ours.iter().zip(theirs);
    let first = pairs
        .enumerate()
        .find(|(_, (a, b))| a != b && !limited(**a));
    assert_eq!(first, None, "{what}: ours and theirs part here");
    assert_eq!(ours.len(), theirs.len());
}

/// Sounds that reach into every corner: sweeps from nothing to clipping, steps, noise of each loudness.
fn sounds() -> Vec<(&'static str, Vec<i16>)> {
    let second = 16_000;
    let sweep = |gain: f64| {
        let at = move |i: usize| {
            let t = i as f64 / 16_000.0;
            (gain * (6000.0 * t * t).sin()).clamp(-32768.0, 32767.0) as i16
        };
        (0..4 * second).map(at).collect()
    };
    let mut state = 1u32;
    let mut noise = move |shift: u32| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 16) as i16 >> shift
    };
    let bursts = (0..4 * second)
        .map(|i| noise((i / 800 % 16) as u32))
        .collect();
    let square = (0..second).map(|i| if i / 37 % 2 == 0 { i16::MAX } else { i16::MIN });
    vec![
        ("silence", vec![0; second]),
        ("a soft sweep", sweep(300.0)),
        ("a loud sweep", sweep(20_000.0)),
        ("a clipped sweep", sweep(90_000.0)),
        ("noise of each loudness", bursts),
        ("full-scale square wave", square.collect()),
    ]
}

#[test]
fn every_bit_is_spandsps() {
    let library = spandsp();
    for (what, sound) in sounds() {
        let theirs = their_octets(&library, &sound);
        same_octets(what, &our_octets(&sound), &theirs);
        same_sound(what, &our_sound(&theirs), &their_sound(&library, &theirs));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn of_any_samples(sound in proptest::collection::vec(any::<i16>(), 0..600)) {
        let sound = &sound[..sound.len() / 2 * 2];
        same_octets("any samples", &our_octets(sound), &their_octets(&spandsp(), sound));
    }

    /// Octets that no encoder would say, too.
    #[test]
    fn of_any_octets(octets in proptest::collection::vec(any::<u8>(), 0..600)) {
        same_sound("any octets", &our_sound(&octets), &their_sound(&spandsp(), &octets));
    }
}
