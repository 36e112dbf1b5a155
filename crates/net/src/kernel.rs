//! What only the kernel can be asked for; each call with its proof.
#![expect(unsafe_code, reason = "system calls that no library of the tree wraps")]

use libc::{c_int, socklen_t};
use std::os::fd::AsRawFd;

/// How far a thread that stepped back stands behind the others.
const NICE: c_int = 5;

/// Puts this thread, and those that it will start, behind the threads that answer calls: also where the
/// process was given real-time priority. For what writes rows and waits for providers.
pub fn step_back() {
    let ordinary = libc::sched_param { sched_priority: 0 };
    // SAFETY: 0 is the calling thread; `ordinary` lives through the call and is only read. A refusal leaves the
    // thread as it was.
    unsafe {
        libc::sched_setscheduler(0, libc::SCHED_BATCH, &ordinary);
        libc::setpriority(libc::PRIO_PROCESS as _, 0, NICE);
    }
}

/// Gives a socket a receive buffer beyond `net.core.rmem_max`. `false`: that wants CAP_NET_ADMIN.
pub(crate) fn force_receive_buffer(socket: &impl AsRawFd, bytes: c_int) -> bool {
    // SAFETY: the descriptor is open while `socket` is borrowed; the value is one int, as its length says, and is
    // only read.
    let done = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_RCVBUFFORCE,
            (&raw const bytes).cast(),
            size_of::<c_int>() as socklen_t,
        )
    };
    done == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Nice value and scheduling policy of this thread (proc(5): fields 19 and 41).
    fn standing() -> (String, String) {
        let stat = std::fs::read_to_string("/proc/thread-self/stat").expect("Linux");
        let rest = stat.rsplit(')').next().expect("the name is in brackets");
        let fields: Vec<&str> = rest.split_whitespace().collect();
        (fields[16].to_owned(), fields[38].to_owned())
    }

    #[test]
    fn a_thread_that_steps_back_is_alone_in_it_and_what_it_starts_follows() {
        let before = standing();
        let (own, started) = std::thread::spawn(|| {
            step_back();
            (standing(), std::thread::spawn(standing).join())
        })
        .join()
        .expect("no panic");
        let back = (NICE.to_string(), libc::SCHED_BATCH.to_string());
        assert_eq!(own, back);
        assert_eq!(started.expect("no panic"), back);
        assert_eq!(standing(), before);
    }
}
