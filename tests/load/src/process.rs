//! What a process has used, as Linux counts it.

use anyhow::{Context, Result};
use std::time::Duration;

/// The kernel tells user space CPU times in hundredths of a second, whatever its own tick is.
const TICK: Duration = Duration::from_millis(10);

/// CPU time of all threads of a process so far, in user and kernel.
///
/// # Errors
/// If there is no such process, or no `/proc`: this needs Linux.
pub(crate) fn cpu_time(pid: u32) -> Result<Duration> {
    let stat = read(pid, "stat")?;
    cpu_ticks(&stat)
        .map(|ticks| TICK * ticks)
        .context("/proc/PID/stat has another form")
}

/// Memory of a process that is resident, in MB (a million bytes).
///
/// # Errors
/// As [`cpu_time`].
pub(crate) fn resident_mb(pid: u32) -> Result<f64> {
    let status = read(pid, "status")?;
    resident_kib(&status)
        .map(|kib| kib * 1024.0 / 1e6)
        .context("/proc/PID/status has another form")
}

/// How busy the machine was in the last minute, for a reader to judge the values by; empty where
/// it cannot be known.
pub(crate) fn system_load() -> String {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    match load.split_ascii_whitespace().next() {
        Some(minute) => format!(" (load of the machine before: {minute})"),
        None => String::new(),
    }
}

fn read(pid: u32, file: &str) -> Result<String> {
    let path = format!("/proc/{pid}/{file}");
    std::fs::read_to_string(&path)
        .with_context(|| format!("reading {path}; CPU and memory are measured on Linux only"))
}

/// Fields 14 and 15 (proc_pid_stat(5)); the name in field 2 may hold spaces and brackets.
fn cpu_ticks(stat: &str) -> Option<u32> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_ascii_whitespace().skip(11);
    let mut next = || fields.next()?.parse::<u32>().ok();
    Some(next()? + next()?)
}

fn resident_kib(status: &str) -> Option<f64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_cpu_time_behind_an_odd_name() {
        let stat = "42 (a) b (c)) S 1 42 42 0 -1 4194560 9 0 0 0 150 25 3 4 20 0 5 0 100 1 2";
        assert_eq!(cpu_ticks(stat), Some(175));
        assert_eq!(cpu_ticks("42 (a) S 1"), None);
    }

    #[test]
    fn reads_resident_memory() {
        let status = "Name:\ttth\nVmPeak:\t  99999 kB\nVmRSS:\t   51200 kB\nThreads:\t3\n";
        assert_eq!(resident_kib(status), Some(51_200.0));
        assert_eq!(resident_kib("Name:\ttth\n"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn measures_this_process() {
        assert!(resident_mb(std::process::id()).unwrap() > 0.5);
        assert!(cpu_time(std::process::id()).is_ok());
    }
}
