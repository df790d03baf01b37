//! What a run costs.

use std::process::{Command, Stdio};

use nix::{
    sys::resource::{UsageWho, getrusage},
    time::{clock_getcpuclockid, clock_gettime},
    unistd::Pid,
};

use crate::{Fallible, ROUNDS};

/// Milliseconds of CPU of one run, with its host's share; its output is checked first.
pub(crate) fn cpu(command: &mut Command, host: Option<u32>) -> Fallible<f64> {
    let before = (children()?, host.map(process).transpose()?.unwrap_or_default());
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status()?;
    if !status.success() {
        return Err(format!("{command:?} ended with {status}").into());
    }
    Ok(children()? - before.0 + host.map(process).transpose()?.unwrap_or_default() - before.1)
}

pub(crate) fn children() -> Fallible<f64> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let time = |at: nix::sys::time::TimeVal| at.tv_sec() as f64 * 1e3 + at.tv_usec() as f64 / 1e3;
    Ok(time(usage.user_time()) + time(usage.system_time()))
}

pub(crate) fn process(pid: u32) -> Fallible<f64> {
    let at = clock_gettime(clock_getcpuclockid(Pid::from_raw(i32::try_from(pid)?))?)?;
    Ok(at.tv_sec() as f64 * 1e3 + at.tv_nsec() as f64 / 1e6)
}

pub(crate) fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_unstable_by(f64::total_cmp);
    figures[figures.len() / 2]
}

/// Medians of two commands, run in turn.
pub(crate) fn pair(
    one: &mut dyn FnMut() -> Fallible<f64>,
    other: &mut dyn FnMut() -> Fallible<f64>,
) -> Fallible<(f64, f64)> {
    let (mut ones, mut others) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        ones.push(one()?);
        others.push(other()?);
    }
    Ok((median(ones), median(others)))
}

/// Megabytes at the peak: measured by a process of its own, since the kernel keeps the largest child ever waited for.
pub(crate) fn peak_rss(command: &mut Command) -> Fallible<f64> {
    let mut probe = Command::new(std::env::current_exe()?);
    probe
        .arg("rss")
        .arg(command.get_program())
        .args(command.get_args())
        .stdin(Stdio::null());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => probe.env(name, value),
            None => probe.env_remove(name),
        };
    }
    let output = probe.output()?;
    let kilobytes: f64 = String::from_utf8(output.stdout)?.trim().parse()?;
    Ok(kilobytes / 1024.0)
}

pub(crate) fn rss(words: &[String]) -> Fallible {
    let (program, arguments) = words.split_first().ok_or("a command")?;
    Command::new(program)
        .args(arguments)
        .stdout(Stdio::null())
        .status()?;
    println!("{}", getrusage(UsageWho::RUSAGE_CHILDREN)?.max_rss());
    Ok(())
}
