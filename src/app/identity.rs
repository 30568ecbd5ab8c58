//! As whom a command works: one that root starts becomes the owner of the database before it touches it, or anything beside it.
//! Which files are opened before, as root, since arguments and settings name them, is the commands' affair.
//!
//! Whoever owns a database's folder can put links and other files into it. What root follows there, root changes; what the owner follows there,
//! the owner could have changed anyway (decision 62).

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

#[cfg(target_os = "linux")]
use rustix::process::{Gid, Uid};

use crate::store::database::DatabaseUrl;

/// The user and the group that a database belongs to, where that is not root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owner {
    user: u32,
    group: u32,
    /// Whether the folder can be reached by the owner as it is. systemd keeps the folders of users that exist while a service runs only
    /// (`DynamicUser=`) below `/var/lib/private`, where root alone can go.
    reached: bool,
}

/// More links than this are a ring.
const LINKS: usize = 16;

/// The group of whoever has no other: a file of root's group does not make anybody its member.
const NO_GROUP: u32 = 65_534;

/// Whom the process becomes to work on these databases: `None` where it is not root's, or they are root's or PostgreSQL's.
/// Databases of two different owners are an error, and a file of root's in a folder that is somebody else's is one too.
pub fn owner_of(databases: &[&DatabaseUrl]) -> io::Result<Option<Owner>> {
    if !rustix::process::geteuid().is_root() {
        return Ok(None);
    }
    let mut found: Option<Owner> = None;
    for url in databases {
        let DatabaseUrl::Sqlite(path) = url else { continue };
        let Some(owner) = owner_of_file(path)? else { continue };
        match found {
            Some(other) if other.user != owner.user => {
                return Err(io::Error::other(format!(
                    "the databases belong to two users ({} and {}): run the command as one of them who may use both",
                    other.user, owner.user
                )));
            }
            Some(other) => found = Some(Owner { reached: other.reached && owner.reached, ..other }),
            None => found = Some(owner),
        }
    }
    Ok(found)
}

/// Becomes the owner of these databases for good, where the process is root's. To be called before any thread is started, and before a
/// database is opened.
pub fn become_owner_of(databases: &[&DatabaseUrl]) -> io::Result<()> {
    owner_of(databases)?.map_or(Ok(()), Owner::become_for_good)
}

/// The file's own owner, not that of what it links to; where root made the link, the owner of what it leads to; of a file that is not there yet,
/// the folder's.
fn owner_of_file(path: &Path) -> io::Result<Option<Owner>> {
    let mut path = path.to_owned();
    for _ in 0..LINKS {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned();
        // A folder that is missing is told about by whoever opens the database.
        let Ok(around) = std::fs::metadata(&folder) else { return Ok(None) };
        let of = |user: u32, group: u32| {
            let group = if group == 0 { NO_GROUP } else { group };
            Some(Owner { user, group, reached: reaches(&folder, user, group) })
        };
        match std::fs::symlink_metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && around.uid() == 0 => return Ok(None),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(of(around.uid(), around.gid())),
            Err(error) => return Err(error),
            Ok(file) if file.uid() != 0 => return Ok(of(file.uid(), file.gid())),
            Ok(_) if around.uid() != 0 => {
                let (path, user) = (path.display(), around.uid());
                return Err(io::Error::other(format!(
                    "{path} is root's, in a folder of user {user}, who could put anything in its place: `chown -h {user} {path}`, or move it \
                     into a folder of root's"
                )));
            }
            Ok(file) if file.is_symlink() => path = leads_to(&path, &folder)?,
            Ok(_) => return Ok(None),
        }
    }
    Err(io::Error::other(format!("{} is a link that leads round in a ring", path.display())))
}

fn leads_to(link: &Path, folder: &Path) -> io::Result<PathBuf> {
    Ok(folder.join(std::fs::read_link(link)?))
}

/// Whether a user with this one group may walk down to the folder.
fn reaches(folder: &Path, user: u32, group: u32) -> bool {
    let Ok(folder) = folder.canonicalize() else { return false };
    folder.ancestors().all(|folder| {
        std::fs::metadata(folder).is_ok_and(|metadata| {
            let bits = if metadata.uid() == user {
                metadata.mode() >> 6
            } else if metadata.gid() == group {
                metadata.mode() >> 3
            } else {
                metadata.mode()
            };
            bits & 1 == 1
        })
    })
}

#[cfg(target_os = "linux")]
impl Owner {
    /// Becomes this user for good: nothing of root's rights is left, but for walking through folders where the database is not reached otherwise.
    fn become_for_good(self) -> io::Result<()> {
        use rustix::thread::{set_keep_capabilities, set_thread_groups, set_thread_res_gid, set_thread_res_uid};
        let (user, group) = self.ids();
        alone()?;
        set_keep_capabilities(!self.reached)?;
        set_thread_groups(&[group])?;
        set_thread_res_gid(group, group, group)?;
        set_thread_res_uid(user, user, user)?;
        if !self.reached {
            walk_only(true)?;
        }
        Ok(())
    }

    /// Works as this user, and is root again afterwards.
    pub fn lend<T, E: From<io::Error>>(self, work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        use rustix::thread::{set_thread_groups, set_thread_res_gid, set_thread_res_uid};
        let (user, group) = self.ids();
        let groups = rustix::process::getgroups().map_err(io::Error::from)?;
        let change = || -> io::Result<()> {
            alone()?;
            set_thread_groups(&[group])?;
            set_thread_res_gid(None::<Gid>, group, None::<Gid>)?;
            set_thread_res_uid(None::<Uid>, user, None::<Uid>)?;
            if self.reached { Ok(()) } else { walk_only(false) }
        };
        let back = || -> io::Result<()> {
            set_thread_res_uid(None::<Uid>, Uid::ROOT, None::<Uid>)?;
            set_thread_res_gid(None::<Gid>, Gid::ROOT, None::<Gid>)?;
            Ok(set_thread_groups(&groups)?)
        };
        let changed = change();
        let done = changed.map_err(E::from).and_then(|()| work());
        back()?;
        done
    }

    fn ids(self) -> (Uid, Gid) {
        (Uid::from_raw(self.user), Gid::from_raw(self.group))
    }
}

/// Linux changes the rights of one thread (credentials(7)); those that it starts later have the same.
#[cfg(target_os = "linux")]
fn alone() -> io::Result<()> {
    match std::fs::read_dir("/proc/self/task")?.count() {
        1 => Ok(()),
        threads => Err(io::Error::other(format!("rights are changed before threads are started, and there are {threads}"))),
    }
}

/// Of root's rights keeps one: reading files and walking through folders whatever their permissions (capabilities(7)), and that only where root
/// has it. Nothing can be changed by it.
#[cfg(target_os = "linux")]
fn walk_only(for_good: bool) -> io::Result<()> {
    use rustix::thread::{CapabilitySet, CapabilitySets, capabilities, set_capabilities};
    let had = capabilities(None)?;
    let walk = CapabilitySet::DAC_READ_SEARCH & had.permitted;
    let permitted = if for_good { walk } else { had.permitted };
    set_capabilities(None, CapabilitySets { effective: walk, permitted, inheritable: CapabilitySet::empty() })?;
    Ok(())
}

#[cfg(not(target_os = "linux"))]
impl Owner {
    fn become_for_good(self) -> io::Result<()> {
        Err(self.refused())
    }

    /// Nobody is become here.
    pub fn lend<T, E: From<io::Error>>(self, _work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        Err(self.refused().into())
    }

    fn refused(self) -> io::Error {
        io::Error::other(format!("the database belongs to user {}: run the command as that user", self.user))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_reached_through_all_above_it() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let within = folder.path().join("within");
        std::fs::create_dir(&within).unwrap();
        let mode = |path: &Path, mode: u32| std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
        mode(&within, 0o755);
        mode(folder.path(), 0o711);
        assert!(reaches(&within, 4_000_000, 4_000_000));
        mode(folder.path(), 0o700);
        assert!(!reaches(&within, 4_000_000, 4_000_000), "systemd's /var/lib/private is closed like this");
        let owner = std::fs::metadata(&within).unwrap();
        assert!(reaches(&within, owner.uid(), owner.gid()));
    }
}
