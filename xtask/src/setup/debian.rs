//! The little of Debian's package tools that the set-up uses.

use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::sh::{Sh, find_program};

/// Whether this is Debian or a distribution made from it.
pub(super) fn is_debian() -> bool {
    Path::new("/etc/debian_version").is_file() && find_program("apt-get").is_some()
}

/// Installs packages from the configured sources, as root or by a `sudo` that asks nothing.
///
/// # Errors
/// Where neither is possible, or apt-get fails.
pub(super) fn install(packages: &[&str]) -> Result<()> {
    apt_get()?.args(["-qq", "update"]).run()?;
    apt_get()?
        .args(["-qq", "install", "-y", "--no-install-recommends"])
        .args(packages)
        .run()
}

fn apt_get() -> Result<Sh> {
    // `env` carries the variable through sudo, which clears the environment.
    let quiet = ["DEBIAN_FRONTEND=noninteractive", "apt-get"];
    if Sh::new("id").arg("-u").output()?.trim() == "0" {
        return Ok(Sh::new("env").args(quiet));
    }
    if Sh::new("sudo").args(["-n", "true"]).succeeds() {
        return Ok(Sh::new("sudo").args(["-n", "env"]).args(quiet));
    }
    bail!("not root, and sudo would ask for a password")
}

/// The Debian mirror this machine is configured with, e.g. `http://deb.debian.org/debian`.
///
/// # Errors
/// Where no source names one.
pub(super) fn mirror() -> Result<String> {
    let mut files = vec![Path::new("/etc/apt/sources.list").to_owned()];
    if let Ok(entries) = std::fs::read_dir("/etc/apt/sources.list.d") {
        let mut more: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
        more.sort();
        files.extend(more);
    }
    files
        .iter()
        .filter_map(|file| std::fs::read_to_string(file).ok())
        .find_map(|text| text.lines().find_map(mirror_in_line).map(str::to_owned))
        .context("apt has no Debian mirror configured")
}

/// The mirror in a line of either source format: `URIs: URL` or `deb [options] URL suite …`.
fn mirror_in_line(line: &str) -> Option<&str> {
    let rest = if let Some(uris) = line.strip_prefix("URIs:") {
        uris
    } else {
        let rest = line.strip_prefix("deb ")?.trim_start();
        match rest.strip_prefix('[') {
            Some(options) => options.split_once(']')?.1,
            None => rest,
        }
    };
    let url = rest.split_whitespace().next()?.trim_end_matches('/');
    let plain = url.starts_with("http://") || url.starts_with("https://");
    (plain && url.ends_with("/debian")).then_some(url)
}

#[cfg(test)]
mod tests {
    use super::mirror_in_line;

    #[test]
    fn mirrors_in_both_source_formats() {
        let debian = Some("http://deb.debian.org/debian");
        assert_eq!(mirror_in_line("URIs: http://deb.debian.org/debian"), debian);
        assert_eq!(
            mirror_in_line("URIs: http://deb.debian.org/debian/"),
            debian
        );
        assert_eq!(
            mirror_in_line("deb http://deb.debian.org/debian trixie main"),
            debian
        );
        assert_eq!(
            mirror_in_line(
                "deb [arch=amd64 signed-by=/k] http://deb.debian.org/debian trixie main"
            ),
            debian
        );
    }

    #[test]
    fn other_sources_are_not_mirrors() {
        for line in [
            "URIs: http://deb.debian.org/debian-security",
            "# deb http://deb.debian.org/debian trixie main",
            "deb-src http://deb.debian.org/debian trixie main",
            "deb [broken http://deb.debian.org/debian",
            "deb file:/srv/debian trixie main",
            "Suites: trixie",
            "",
        ] {
            assert_eq!(mirror_in_line(line), None, "{line}");
        }
    }
}
