use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Duration, Utc};

/// Wrong passwords without any delay.
const FREE: u32 = 5;
/// The longest delay.
const LONGEST: i64 = 300;
/// An address that has been quiet for so long starts anew.
const FORGOTTEN_AFTER: Duration = Duration::minutes(30);
/// Addresses that are remembered.
const MOST: usize = 10_000;

/// Slows down whoever guesses passwords: after five wrong ones an address waits 1 s, 2 s, 4 s, … 300 s.
///
/// A try counts when it begins, so that many at once are no way around; the right password forgets them.
#[derive(Default)]
pub(super) struct Throttle(Mutex<HashMap<String, Tries>>);

struct Tries {
    count: u32,
    last: DateTime<Utc>,
    not_before: DateTime<Utc>,
}

impl Throttle {
    /// Begins a try; refused with the whole seconds to wait.
    pub(super) fn begin(&self, address: &str, now: DateTime<Utc>) -> Result<(), i64> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, tries| tries.not_before.max(tries.last) + FORGOTTEN_AFTER > now);
        if all.len() >= MOST && !all.contains_key(address) {
            // Somebody tries from everywhere: the address that was quiet longest is forgotten.
            let oldest = all.iter().min_by_key(|(_, tries)| tries.last).map(|(address, _)| address.clone());
            oldest.map(|address| all.remove(&address));
        }
        let tries = all.entry(address.to_owned()).or_insert(Tries { count: 0, last: now, not_before: now });
        if tries.not_before > now {
            return Err((tries.not_before - now).num_milliseconds().div_euclid(1000) + 1);
        }
        tries.count = tries.count.saturating_add(1);
        tries.last = now;
        if tries.count >= FREE {
            let delay = 1_i64.checked_shl(tries.count - FREE).filter(|delay| (1..LONGEST).contains(delay));
            tries.not_before = now + Duration::seconds(delay.unwrap_or(LONGEST));
        }
        Ok(())
    }

    /// The password was right.
    pub(super) fn forget(&self, address: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(address);
    }
}

/// What is counted together: an IPv4 address, or the network of an IPv6 address, which one client owns whole.
pub(super) fn counted(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{}/64", Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_769_590_800 + seconds, 0).unwrap()
    }

    #[test]
    fn the_delay_doubles_up_to_five_minutes() {
        let throttle = Throttle::default();
        for _ in 0..FREE {
            assert_eq!(throttle.begin("a", at(0)), Ok(()));
        }
        let (mut now, mut delays) = (0, Vec::new());
        for _ in 0..11 {
            let Err(wait) = throttle.begin("a", at(now)) else { panic!("no delay at {now}") };
            delays.push(wait - 1);
            now += wait - 1;
            assert_eq!(throttle.begin("a", at(now)), Ok(()), "after {delays:?}");
        }
        assert_eq!(delays, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
        assert_eq!(throttle.begin("b", at(now)), Ok(()), "another address is not slowed down");
    }

    #[test]
    fn the_right_password_and_half_an_hour_of_quiet_forget_the_wrong_ones() {
        let throttle = Throttle::default();
        for _ in 0..FREE {
            throttle.begin("a", at(0)).unwrap();
            throttle.begin("b", at(0)).unwrap();
        }
        throttle.forget("a");
        assert_eq!(throttle.begin("a", at(0)), Ok(()));
        assert_eq!(throttle.begin("a", at(0)), Ok(()));
        assert!(throttle.begin("b", at(0)).is_err());
        for _ in 0..FREE {
            assert_eq!(throttle.begin("b", at(1802)), Ok(()));
        }
    }

    #[test]
    fn memory_is_bounded() {
        let throttle = Throttle::default();
        for n in 0..MOST + 50 {
            throttle.begin(&n.to_string(), at(0)).unwrap();
        }
        assert_eq!(throttle.0.lock().unwrap().len(), MOST);
    }

    #[test]
    fn a_client_does_not_multiply_in_its_own_network() {
        let of = |text: &str| counted(text.parse().unwrap());
        assert_eq!(of("2001:db8:1:2:aaaa::1"), of("2001:db8:1:2::2"));
        assert_ne!(of("2001:db8:1:3::1"), of("2001:db8:1:2::1"));
        assert_eq!(of("::ffff:192.0.2.7"), "192.0.2.7");
    }
}
