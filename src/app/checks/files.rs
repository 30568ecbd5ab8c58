//! Permissions of files, and the disk that they lie on.
//! What is in the files is looked at by others.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use super::Finding;
use crate::app::machine::{self, Room};

/// A gibibyte: with less than that the next import may be the last.
const LITTLE: u64 = 1 << 30;
/// With less than this the next backup, or the log of a long import, does not fit.
const NOTHING: u64 = 64 << 20;

/// Who else may read a file that its owner alone should.
pub(super) fn secret(what: &'static str, path: &Path, holds: &str) -> Finding {
    let shown = path.display();
    let mode = match std::fs::metadata(path) {
        Ok(metadata) => metadata.permissions().mode() & 0o777,
        Err(error) => {
            return Finding::fail(what, format!("{shown} cannot be looked at: {error}"), "correct the path, or who may enter its folder");
        }
    };
    if !machine::may_read(path) {
        return Finding::fail(what, format!("{shown} cannot be read"), "give it to the user that bugtome runs as");
    }
    let advice = format!("chmod 600 {shown}");
    if mode & 0o007 != 0 {
        Finding::fail(what, format!("everybody on this machine can reach {holds}: {shown} has mode {mode:03o}"), advice)
    } else if mode & 0o070 != 0 {
        Finding::warn(what, format!("its group can reach {holds}: {shown} has mode {mode:03o}"), advice)
    } else {
        Finding::ok(what, format!("{shown} is its owner's alone"))
    }
}

/// The folder that a database is to be made in or lies in.
pub(super) fn folder(path: &Path) -> Finding {
    let shown = path.display();
    match std::fs::metadata(path) {
        Err(error) => {
            let found = format!("the folder {shown} cannot be used: {error}");
            Finding::fail("folder", found, "make it for the user that bugtome runs as, or name another by database_url")
        }
        Ok(metadata) if !metadata.is_dir() => Finding::fail("folder", format!("{shown} is no folder"), "name another by database_url"),
        Ok(_) if !machine::may_write(path) => {
            let found = format!("in the folder {shown} no file can be made, and a database needs its log beside it");
            Finding::fail("folder", found, "give it to the user that bugtome runs as")
        }
        // With the sticky bit, as in /tmp, nobody can put a file of theirs in the place of another's.
        Ok(metadata) if metadata.mode() & 0o1002 == 0o002 => {
            let found = format!("everybody on this machine can put another database in the place of yours: {shown} is theirs to write");
            Finding::fail("folder", found, format!("chmod o-w {shown}"))
        }
        Ok(_) => Finding::ok("folder", format!("{shown} can be written")),
    }
}

/// Whether the disk under this folder keeps what is written, and has room.
pub(super) fn disk(folder: &Path) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(kind) = machine::file_system(folder) {
        findings.push(file_system(&kind));
    }
    match machine::room(folder) {
        Ok(room) => findings.push(self::room(room, folder)),
        Err(error) => findings.push(Finding::warn("disk", format!("its room is not told: {error}"), "look at it with df")),
    }
    findings
}

fn file_system(kind: &str) -> Finding {
    const NETWORK: [&str; 13] =
        ["nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "fuse.sshfs", "fuse.glusterfs", "glusterfs", "lustre", "ocfs2"];
    if NETWORK.contains(&kind) {
        let found =
            format!("the database lies on a network file system ({kind}), where SQLite's locks and shared memory are not to be trusted");
        return Finding::fail("file system", found, "put it on a disk of this machine, or use PostgreSQL");
    }
    match kind {
        "tmpfs" | "ramfs" => Finding::warn(
            "file system",
            format!("{kind} is memory: the database is gone with the machine's next start"),
            "put it on a disk",
        ),
        "overlay" => {
            let found = "overlay is a container's own layer: the database is gone with the container";
            Finding::warn("file system", found, "mount a volume where the database lies")
        }
        kind => Finding::ok("file system", kind),
    }
}

fn room(room: Room, folder: &Path) -> Finding {
    let Room { free, size } = room;
    let found = format!("{} MB of {} MB are free at {}", free >> 20, size >> 20, folder.display());
    let advice = "make room, or move the database to a larger disk; a backup wants as much again as the database";
    if free < NOTHING {
        Finding::fail("disk", found, advice)
    } else if free < LITTLE || free < size / 10 {
        Finding::warn("disk", found, advice)
    } else {
        Finding::ok("disk", found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::checks::Level;

    #[test]
    fn a_disk_is_judged_by_what_is_left() {
        let level = |free, size| room(Room { free, size }, Path::new("/")).level;
        assert_eq!(level(50 << 30, 100 << 30), Level::Ok);
        assert_eq!(level(9 << 30, 100 << 30), Level::Warn, "less than a tenth");
        assert_eq!(level(1 << 29, 1 << 31), Level::Warn, "less than a gibibyte");
        assert_eq!(level(1 << 25, 1 << 31), Level::Fail);
    }

    #[test]
    fn file_systems_are_told_apart() {
        assert_eq!(file_system("ext4").level, Level::Ok);
        assert_eq!(file_system("overlay").level, Level::Warn);
        assert_eq!(file_system("tmpfs").level, Level::Warn);
        assert_eq!(file_system("nfs4").level, Level::Fail);
    }
}
