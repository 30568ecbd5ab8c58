//! What the machine tells: room on the disk, kinds of file systems, memory, and what this process uses.
//! Whether that is enough is judged elsewhere. Where the system has no `/proc`, most of it is unknown.

use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, AtFlags, CWD};

/// A file system's room, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// What is left for this process.
    pub free: u64,
    /// All that there is.
    pub size: u64,
}

/// What this process has used and may use.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Usage {
    /// Processor time, in seconds.
    pub cpu_seconds: f64,
    /// Memory in use, in bytes.
    pub resident_bytes: u64,
    /// Open files, connections among them.
    pub open_files: u64,
}

/// The room on the file system of this file or folder.
pub fn room(path: &Path) -> io::Result<Room> {
    let told = rustix::fs::statvfs(path)?;
    Ok(Room { free: told.f_bavail.saturating_mul(told.f_frsize), size: told.f_blocks.saturating_mul(told.f_frsize) })
}

/// Whether this process may write the file, or make files in the folder.
pub fn may_write(path: &Path) -> bool {
    may(path, Access::WRITE_OK)
}

/// Whether this process may read the file.
pub fn may_read(path: &Path) -> bool {
    may(path, Access::READ_OK)
}

/// As whom the process works now, not as whom it was started.
fn may(path: &Path, access: Access) -> bool {
    rustix::fs::accessat(CWD, path, access, AtFlags::EACCESS).is_ok()
}

/// The kind of the file system that an existing path lies on: `ext4`, `nfs4`, `tmpfs`.
pub fn file_system(path: &Path) -> Option<String> {
    let path = path.canonicalize().ok()?;
    kind_of_mount(&std::fs::read_to_string("/proc/self/mountinfo").ok()?, &path)
}

/// The kind of the last mount that holds the path (proc(5), `mountinfo`: the point is the fifth word, the kind the first after the dash).
fn kind_of_mount(mounts: &str, path: &Path) -> Option<String> {
    let parsed = mounts.lines().filter_map(|line| {
        let (before, after) = line.split_once(" - ")?;
        let point = PathBuf::from(unescaped(before.split(' ').nth(4)?));
        path.starts_with(&point).then(|| (point.components().count(), after.split(' ').next().unwrap_or_default()))
    });
    // Of two at the same point the later one lies on top.
    parsed.max_by_key(|(depth, _)| *depth).map(|(_, kind)| kind.to_owned())
}

/// Spaces and the like stand as octal numbers there.
fn unescaped(text: &str) -> String {
    ["\\040", "\\011", "\\012", "\\134"]
        .iter()
        .zip([" ", "\t", "\n", "\\"])
        .fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

/// The number of files that this process may have open.
pub fn open_files_limit() -> Option<u64> {
    let limits = std::fs::read_to_string("/proc/self/limits").ok()?;
    let soft = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?.split_whitespace().next()?;
    if soft == "unlimited" { Some(u64::MAX) } else { soft.parse().ok() }
}

/// Memory that can be had without swapping, in bytes: the machine's, or what is left of the container's.
pub fn memory_available() -> Option<u64> {
    let all = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = all.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let machine = line.trim().strip_suffix(" kB")?.parse::<u64>().ok()?.saturating_mul(1024);
    let number = |file| std::fs::read_to_string(file).ok().and_then(|text| text.trim().parse::<u64>().ok());
    let container = number("/sys/fs/cgroup/memory.max").zip(number("/sys/fs/cgroup/memory.current"));
    Some(container.map_or(machine, |(limit, used)| machine.min(limit.saturating_sub(used))))
}

/// What this process uses (proc(5), `stat`: times are the 14th and 15th word, memory the 24th, in pages).
pub fn usage() -> Option<Usage> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The second word is the program's name in parentheses, whatever that holds.
    let words: Vec<u64> = stat.rsplit_once(") ")?.1.split(' ').map(|word| word.trim().parse().unwrap_or_default()).collect();
    let word = |number: usize| words.get(number - 3).copied();
    let ticks = word(14)? + word(15)?;
    let cpu = std::time::Duration::from_millis(ticks.saturating_mul(1000) / rustix::param::clock_ticks_per_second().max(1));
    Some(Usage {
        cpu_seconds: cpu.as_secs_f64(),
        resident_bytes: word(24)?.saturating_mul(u64::try_from(rustix::param::page_size()).unwrap_or(4096)),
        open_files: u64::try_from(std::fs::read_dir("/proc/self/fd").ok()?.count()).unwrap_or(u64::MAX),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mount_that_holds_a_path_is_the_last_and_deepest() {
        let mounts = "21 1 8:1 / / rw shared:1 - ext4 /dev/sda1 rw\n\
                      30 21 0:40 / /srv rw - tmpfs tmpfs rw\n\
                      31 30 0:41 / /srv/big\\040disk rw master:2 - nfs4 nas:/x rw\n\
                      32 21 0:42 / /srv rw - xfs /dev/sdb rw\n";
        let kind = |path: &str| kind_of_mount(mounts, Path::new(path)).unwrap();
        assert_eq!(kind("/srv/big disk/bugtome.db"), "nfs4");
        assert_eq!(kind("/srv/bugtome.db"), "xfs");
        assert_eq!(kind("/srvive/bugtome.db"), "ext4");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_process_knows_what_it_uses() {
        let before = usage().unwrap();
        let file = std::fs::File::open("/proc/self/stat").unwrap();
        let after = usage().unwrap();
        assert!(after.open_files >= 3 && after.cpu_seconds >= before.cpu_seconds, "{before:?} {after:?}");
        assert!((1 << 20..1 << 36).contains(&after.resident_bytes), "{after:?}");
        assert!(open_files_limit().unwrap() > after.open_files && memory_available().unwrap() > 1 << 20);
        drop(file);
        let room = room(Path::new("/")).unwrap();
        assert!(room.free <= room.size && room.size > 1 << 20, "{room:?}");
        assert!(file_system(Path::new("/proc/self")).unwrap() == "proc");
    }
}
