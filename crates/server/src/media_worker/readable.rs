//! Which of a worker's sockets have something to read. Each is told of for as long as it has (level-triggered, which mio does not
//! do), so that it is read once for each packet, and not once more to find it empty.

use rustix::{
    buffer::spare_capacity,
    event::{
        Timespec,
        epoll::{self, CreateFlags, Event, EventData, EventFlags},
    },
    fd::{AsFd, OwnedFd},
};
use std::{io, time::Duration};

/// Told of at a time; the rest follows.
const EVENTS: usize = 1024;

/// What is watched.
pub(super) struct Readable {
    epoll: OwnedFd,
}

/// What was told of. It stays in its thread.
pub(super) struct Told(Vec<Event>);

impl Told {
    /// Has room for all that it will ever hold.
    pub(super) fn new() -> Self {
        Self(Vec::with_capacity(EVENTS))
    }

    /// Their tokens.
    pub(super) fn tokens(&self) -> impl Iterator<Item = usize> {
        self.0.iter().map(|e| e.data.u64() as usize)
    }
}

impl Readable {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self {
            epoll: epoll::create(CreateFlags::CLOEXEC)?,
        })
    }

    /// Tells of it by this token from now on, until it is closed.
    pub(super) fn watch(&self, what: impl AsFd, token: usize) -> io::Result<()> {
        self.add(what, token, EventFlags::IN)
    }

    /// Tells of each change once, whether it was read or not.
    pub(super) fn watch_changes(&self, what: impl AsFd, token: usize) -> io::Result<()> {
        self.add(what, token, EventFlags::IN | EventFlags::ET)
    }

    fn add(&self, what: impl AsFd, token: usize, flags: EventFlags) -> io::Result<()> {
        let token = EventData::new_u64(token as u64);
        Ok(epoll::add(&self.epoll, what, token, flags)?)
    }

    /// Waits until there is something, at most so long, in whole milliseconds and no less.
    pub(super) fn wait(&self, told: &mut Told, most: Option<Duration>) -> io::Result<()> {
        let most = most.map(|most| {
            let ms = most.as_nanos().div_ceil(1_000_000) as i64;
            Timespec {
                tv_sec: ms / 1000,
                tv_nsec: ms % 1000 * 1_000_000,
            }
        });
        told.0.clear();
        epoll::wait(&self.epoll, spare_capacity(&mut told.0), most.as_ref())?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bell::Bell;
    use std::net::UdpSocket;

    #[test]
    fn a_socket_is_told_of_until_it_is_empty_and_a_bell_once() {
        let to = UdpSocket::bind("127.0.0.97:0").expect("a socket");
        let from = UdpSocket::bind("127.0.0.97:0").expect("a socket");
        let bell = Bell::new().expect("a bell");
        let readable = Readable::new().expect("an epoll");
        let mut told = Told::new();
        readable.watch(&to, 7).expect("a registration");
        readable.watch_changes(&bell, 8).expect("a registration");
        let mut told = |most| {
            readable.wait(&mut told, Some(most)).expect("a wait");
            told.tokens().collect::<Vec<_>>()
        };
        assert!(told(Duration::from_micros(1)).is_empty());
        for n in 0..2 {
            let address = to.local_addr().expect("an address");
            from.send_to(&[n], address).expect("a packet");
        }
        let (soon, mut octet) = (Duration::from_secs(5), [9]);
        for n in 0..2 {
            assert_eq!(told(soon), [7]);
            to.recv_from(&mut octet).expect("a packet");
            assert_eq!(octet, [n]);
        }
        bell.listen();
        bell.ring();
        assert_eq!(told(soon), [8]);
        assert!(told(Duration::ZERO).is_empty());
        bell.listen();
        bell.ring();
        assert_eq!(told(soon), [8]);
        drop(to);
        assert!(told(Duration::ZERO).is_empty());
    }
}
