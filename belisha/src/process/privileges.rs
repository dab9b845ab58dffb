//! Gives up root's rights for good. Ports below 1024 are open by then, and nothing after needs more than files of its own.

use crate::commands::Failure;
use nix::unistd::{Uid, User, getresgid, getresuid, initgroups, setgroups, setresgid, setresuid, setuid};
use std::ffi::CString;
use std::fs::DirBuilder;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, chown};
use std::path::Path;

/// Becomes a user for good, with that user's groups and no way back. A data folder that is missing is made for it.
///
/// # Errors
/// When the process is neither root's nor already this user's, there is no such user, the data folder belongs to somebody else,
/// or root's rights could be had back.
pub fn give_up(name: &str, data: &Path) -> Result<(), Failure> {
    let user = User::from_name(name).map_err(|error| Failure(format!("cannot look up the user `{name}`: {error}")))?;
    let user = user.ok_or_else(|| {
        Failure(format!(
            "there is no user `{name}`; make one (`useradd --system --home-dir /var/lib/belisha --shell /usr/sbin/nologin {name}`) or leave --user out"
        ))
    })?;
    if user.uid.is_root() {
        return Err(Failure("--user root gives nothing up; name a user without rights".into()));
    }
    own_folder(data, &user)?;
    if Uid::effective() == user.uid {
        return rustix::thread::set_no_new_privs(true).map_err(|error| refused(name, &error.to_string()));
    }
    if !Uid::effective().is_root() {
        return Err(Failure(format!(
            "only root can become `{name}`; start Belisha as root, or as `{name}` without --user"
        )));
    }
    change(&user).map_err(|error| refused(name, &error.to_string()))?;
    let (users, groups) = (getresuid()?, getresgid()?);
    let left = [users.real, users.effective, users.saved].iter().all(|held| *held == user.uid)
        && [groups.real, groups.effective, groups.saved].iter().all(|held| *held == user.gid);
    if !left || setuid(Uid::from_raw(0)).is_ok() {
        return Err(refused(name, "root's rights could still be had back"));
    }
    Ok(())
}

fn refused(name: &str, what: &str) -> Failure {
    Failure(format!(
        "cannot become `{name}` for good: {what}; Belisha does not run with rights that it said it gave up"
    ))
}

/// Groups first, while there is still the right to change them; the user last.
fn change(user: &User) -> Result<(), Box<dyn std::error::Error>> {
    setgroups(&[])?;
    initgroups(&CString::new(user.name.as_str())?, user.gid)?;
    setresgid(user.gid, user.gid, user.gid)?;
    setresuid(user.uid, user.uid, user.uid)?;
    rustix::thread::set_no_new_privs(true)?;
    Ok(())
}

/// The data folder must be the user's, or the first thing that is written fails in words nobody understands.
fn own_folder(data: &Path, user: &User) -> Result<(), Failure> {
    let cannot = |error: std::io::Error| Failure(format!("cannot use the data folder `{}`: {error}", data.display()));
    match std::fs::metadata(data) {
        Ok(folder) if folder.uid() == user.uid.as_raw() => own_files(data, user),
        Ok(folder) => Err(not_theirs(data, folder.uid(), data, user)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            DirBuilder::new().recursive(true).mode(0o700).create(data).map_err(cannot)?;
            chown(data, Some(user.uid.as_raw()), Some(user.gid.as_raw())).map_err(cannot)
        }
        Err(error) => Err(cannot(error)),
    }
}

/// What is in the folder too: an earlier start as root leaves a database that nobody else can open.
fn own_files(data: &Path, user: &User) -> Result<(), Failure> {
    for entry in std::fs::read_dir(data)? {
        let entry = entry?;
        let owner = entry.metadata()?.uid();
        if owner != user.uid.as_raw() {
            return Err(not_theirs(&entry.path(), owner, data, user));
        }
    }
    Ok(())
}

fn not_theirs(path: &Path, owner: u32, data: &Path, user: &User) -> Failure {
    let owner = User::from_uid(Uid::from_raw(owner)).ok().flatten().map_or(owner.to_string(), |owner| owner.name);
    Failure(format!(
        "`{}` belongs to `{owner}`, and `{1}` could not write it; hand the folder over with `chown -R {1}: {2}`",
        path.display(),
        user.name,
        data.display()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_that_give_nothing_up_are_refused_with_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let nobody = give_up("no-such-user-here", folder.path()).unwrap_err().to_string();
        assert!(nobody.contains("useradd"), "{nobody}");
        assert!(give_up("root", folder.path()).is_err());
    }

    #[test]
    fn a_data_folder_of_somebody_else_is_refused_with_what_to_do() {
        let Some(user) = User::from_name("nobody").unwrap().filter(|_| Uid::effective().is_root()) else {
            println!("skipped: only root makes files for others");
            return;
        };
        let parent = tempfile::tempdir().unwrap();
        let data = parent.path().join("data");
        own_folder(&data, &user).unwrap();
        assert_eq!(std::fs::metadata(&data).unwrap().uid(), user.uid.as_raw(), "a missing folder is made for them");
        std::fs::write(data.join("belisha.db"), "").unwrap();
        let said = own_folder(&data, &user).unwrap_err().to_string();
        assert!(said.contains("belisha.db") && said.contains("chown -R nobody:"), "{said}");
        let said = own_folder(parent.path(), &user).unwrap_err().to_string();
        assert!(said.contains("belongs to `root`"), "{said}");
    }
}
