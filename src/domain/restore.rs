//! What a restored database takes over from the one that it replaces: every loss of a right, and the numbers that were given.
//! Rights that were gained since the backup are not taken over: who has them can be given them again.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use super::audit::{Act, Noted};
use super::organizations::command_only;
use super::{Ctx, Result};
use crate::model::id::Id;
use crate::model::organizations::Organization;
use crate::model::roles::Role;
use crate::model::tokens::{RevokedHow, Token};
use crate::store::rights::{self, MemberRight, OrganizationRight, ProjectRight, Rights, TokenRight, UserRight};
use crate::store::tokens::Revocation;
use crate::store::{member_tokens, members, organizations, sessions, tokens};

/// What becomes of tokens of which the replaced database cannot tell whether they have been revoked since.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Undecided {
    /// They work as they did when the backup was made.
    Keep,
    /// They are revoked, and with them all others.
    Revoke,
}

/// An address that somebody has again.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct AddressBack {
    /// The backup's, which is theirs again.
    pub now: String,
    /// What it had become since.
    pub later: String,
}

/// What was taken over, and what came back that somebody has to look at.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Losses {
    /// Tokens that are revoked now and were not in the backup.
    pub tokens_revoked: usize,
    /// Tokens whose rotation or earlier end was taken over.
    pub tokens_ended: usize,
    /// Users who are shut out now.
    pub users_disabled: usize,
    /// Users whose password is the later one now.
    pub passwords_changed: usize,
    /// Members who are none any more.
    pub members_removed: usize,
    /// Members whose role is lower now.
    pub roles_lowered: usize,
    /// Owners who are taken over where otherwise nobody would own an organization.
    pub owners_kept: usize,
    /// Organizations without an owner; a command can give them one.
    pub without_owner: usize,
    /// Projects that are archived now.
    pub projects_archived: usize,
    /// Projects that are deleted now.
    pub projects_deleted: usize,
    /// Tokens that are shut out of an organization now and were not in the backup.
    pub tokens_shut_out: usize,
    /// Organizations whose policy is tighter now.
    pub policies_tightened: usize,
    /// Sessions that have ended: all of the backup's.
    pub sessions_ended: u64,
    /// Tokens made since the backup, which are gone.
    pub tokens_lost: usize,
    /// Users whose e-mail address is the backup's again. It is not taken over: the later one may be somebody else's in the backup.
    pub addresses_back: Vec<AddressBack>,
}

/// Takes over from `old`, the rights in the replaced database, what the restored one must not give back. `None` changes nothing and means
/// that somebody has to decide: nothing can be said of the backup's tokens, since there is no `old`, or it is no later state of the backup.
pub fn take_over(ctx: &mut Ctx<'_>, old: Option<&Rights>, undecided: Option<Undecided>) -> Result<Option<Losses>> {
    command_only(ctx)?;
    let new = rights::read(ctx.db)?;
    let later = old.filter(|old| continues(&new, old));
    if later.is_none() && undecided.is_none() {
        return Ok(None);
    }
    // A session that was ended since must not come back, and nobody can tell which.
    let mut losses = Losses { sessions_ended: sessions::delete_all(ctx.db)?, ..Losses::default() };
    if let Some(old) = old {
        tokens_of(ctx, &new, old, undecided, &mut losses)?;
        users_of(ctx, &new, old, &mut losses)?;
        members_of(ctx, &new, old, &mut losses)?;
        projects_of(ctx, &new, old, &mut losses)?;
        policies_of(ctx, &new, old, &mut losses)?;
        shut_out_of(ctx, &new, old, &mut losses)?;
        rights::set_last_serial(ctx.db, new.last_serial.max(old.last_serial))?;
    }
    if undecided == Some(Undecided::Revoke) {
        for token in &new.tokens {
            losses.tokens_revoked += usize::from(revoke(ctx, token, None)?);
        }
    }
    ctx.note(Noted::of(Act::Restored));
    Ok(Some(losses))
}

/// Whether `old` is a later state of what is restored. Organizations, users and projects never vanish, so it has them all, and a project stays
/// with its organization.
fn continues(new: &Rights, old: &Rights) -> bool {
    fn all<'a, T, K: Eq + Hash>(new: &'a [T], old: &'a [T], id: impl Fn(&'a T) -> K) -> bool {
        let known: HashSet<K> = old.iter().map(&id).collect();
        new.iter().all(|row| known.contains(&id(row)))
    }
    all(&new.organizations, &old.organizations, |row| row.id)
        && all(&new.users, &old.users, |row| row.id)
        && all(&new.projects, &old.projects, |row| (row.id, row.organization_id))
}

fn by<T, K: Eq + Hash>(rows: &[T], key: impl Fn(&T) -> K) -> HashMap<K, &T> {
    rows.iter().map(|row| (key(row), row)).collect()
}

/// The earlier of two ends; `None` is no end at all.
fn earlier<T: Ord + Copy>(one: Option<T>, other: Option<T>) -> Option<T> {
    one.into_iter().chain(other).min()
}

fn revoke(ctx: &mut Ctx<'_>, token: &TokenRight, old: Option<&TokenRight>) -> Result<bool> {
    let at = old.and_then(|old| old.revoked_at).unwrap_or(ctx.now);
    Ok(tokens::set_revoked(ctx.db, token.id, &Revocation { at, by: None, how: RevokedHow::Restore, why: None })? > 0)
}

fn tokens_of(ctx: &mut Ctx<'_>, new: &Rights, old: &Rights, undecided: Option<Undecided>, losses: &mut Losses) -> Result<()> {
    let known = by(&old.tokens, |token| token.id);
    for token in &new.tokens {
        let Some(before) = known.get(&token.id) else {
            // The replaced database does not know it, so whoever removed it there meant it to be gone.
            if undecided.is_none() {
                losses.tokens_revoked += usize::from(revoke(ctx, token, None)?);
            }
            continue;
        };
        let rotated_at = earlier(token.rotated_at, before.rotated_at);
        // One that stopped with its replacement has stopped, whatever clock the restored database goes by.
        let at_once = [token, *before].into_iter().any(|token| token.rotated_at.is_some() && token.rotated_at == token.stops_at);
        let ended = TokenRight {
            id: token.id,
            expires_at: earlier(token.expires_at, before.expires_at),
            used: token.used || before.used,
            rotated_at,
            stops_at: if at_once { rotated_at } else { earlier(token.stops_at, before.stops_at) },
            revoked_at: token.revoked_at,
            ..token.clone()
        };
        if ended != *token {
            rights::set_token_end(ctx.db, &ended)?;
            losses.tokens_ended += usize::from(ended.rotated_at != token.rotated_at || ended.expires_at != token.expires_at);
        }
        // Another digest, scope or owner under a token's id is no state that it ever had: somebody has written it into the backup.
        if !token.is_same(before) {
            losses.tokens_revoked += usize::from(revoke(ctx, token, None)?);
        }
        if before.revoked_at.is_some() {
            losses.tokens_revoked += usize::from(revoke(ctx, token, Some(before))?);
        }
    }
    let restored: HashSet<Id<Token>> = new.tokens.iter().map(|token| token.id).collect();
    losses.tokens_lost = old.tokens.iter().filter(|token| token.revoked_at.is_none() && !restored.contains(&token.id)).count();
    Ok(())
}

fn users_of(ctx: &mut Ctx<'_>, new: &Rights, old: &Rights, losses: &mut Losses) -> Result<()> {
    let known = by(&old.users, |user| user.id);
    for user in &new.users {
        let Some(before) = known.get(&user.id) else { continue };
        // A password that was changed since may have been changed because somebody knew it.
        let kept = UserRight {
            id: user.id,
            disabled_at: user.disabled_at.or(before.disabled_at),
            password_hash: before.password_hash.clone(),
            email: user.email.clone(),
        };
        if kept != *user {
            rights::set_user(ctx.db, &kept)?;
            losses.users_disabled += usize::from(kept.disabled_at != user.disabled_at);
            losses.passwords_changed += usize::from(kept.password_hash != user.password_hash);
        }
        if user.email != before.email {
            let (now, later) = (user.email.clone().unwrap_or_default(), before.email.clone().unwrap_or_default());
            losses.addresses_back.push(AddressBack { now, later });
        }
    }
    Ok(())
}

fn members_of(ctx: &mut Ctx<'_>, new: &Rights, old: &Rights, losses: &mut Losses) -> Result<()> {
    let known = by(&old.members, |member| (member.organization_id, member.user_id));
    let organizations: HashSet<Id<Organization>> = old.organizations.iter().map(|row| row.id).collect();
    let mut owned: HashSet<Id<Organization>> = HashSet::new();
    for member in &new.members {
        let MemberRight { organization_id, user_id, role } = *member;
        let left = if organizations.contains(&organization_id) {
            known.get(&(organization_id, user_id)).map(|before| role.min(before.role))
        } else {
            Some(role)
        };
        match left {
            None => {
                members::delete(ctx.db, organization_id, user_id)?;
                losses.members_removed += 1;
            }
            Some(left) if left < role => {
                members::set_role(ctx.db, organization_id, user_id, left)?;
                losses.roles_lowered += 1;
            }
            Some(_) => {}
        }
        if left == Some(Role::Owner) {
            owned.insert(organization_id);
        }
    }
    for organization in new.organizations.iter().filter(|organization| !owned.contains(&organization.id)) {
        let kept = keep_owners(ctx, new, old, organization)?;
        losses.owners_kept += kept;
        losses.without_owner += usize::from(kept == 0);
    }
    Ok(())
}

/// There is always an owner: where all of the backup's have lost that since, those follow who own the organization by now.
fn keep_owners(ctx: &mut Ctx<'_>, new: &Rights, old: &Rights, organization: &OrganizationRight) -> Result<usize> {
    let users: HashSet<_> = new.users.iter().map(|user| user.id).collect();
    let mut kept = 0;
    for owner in old.members.iter().filter(|member| member.organization_id == organization.id && member.role == Role::Owner) {
        if !users.contains(&owner.user_id) {
            continue;
        }
        if members::role(ctx.db, organization.id, owner.user_id)?.is_some() {
            members::set_role(ctx.db, organization.id, owner.user_id, Role::Owner)?;
        } else {
            members::insert(ctx.db, organization.id, owner.user_id, Role::Owner, ctx.now)?;
        }
        kept += 1;
    }
    Ok(kept)
}

fn projects_of(ctx: &mut Ctx<'_>, new: &Rights, old: &Rights, losses: &mut Losses) -> Result<()> {
    let known = by(&old.projects, |project| project.id);
    for project in &new.projects {
        let Some(before) = known.get(&project.id) else { continue };
        let kept = ProjectRight {
            id: project.id,
            archived_at: project.archived_at.or(before.archived_at),
            deleted_at: project.deleted_at.or(before.deleted_at),
            organization_id: project.organization_id,
            last_number: project.last_number.max(before.last_number),
        };
        if kept != *project {
            rights::set_project(ctx.db, &kept)?;
            losses.projects_archived += usize::from(kept.archived_at != project.archived_at);
            losses.projects_deleted += usize::from(kept.deleted_at != project.deleted_at);
        }
    }
    Ok(())
}

fn policies_of(ctx: &mut Ctx<'_>, new: &Rights, old: &Rights, losses: &mut Losses) -> Result<()> {
    let known = by(&old.organizations, |organization| organization.id);
    for organization in &new.organizations {
        let before = known.get(&organization.id).and_then(|before| before.max_token_life);
        let tightest = earlier(organization.max_token_life, before);
        if tightest != organization.max_token_life {
            organizations::set_policy(ctx.db, organization.id, tightest)?;
            losses.policies_tightened += 1;
        }
    }
    Ok(())
}

/// Who shut a token out may be unknown to the backup, so that is not taken along; why is.
fn shut_out_of(ctx: &mut Ctx<'_>, new: &Rights, old: &Rights, losses: &mut Losses) -> Result<()> {
    let organizations = by(&new.organizations, |organization| organization.id);
    let tokens = by(&new.tokens, |token| token.id);
    for lost in &old.shut_out {
        if organizations.contains_key(&lost.organization_id) && tokens.contains_key(&lost.chain_id) {
            let of = (lost.organization_id, lost.chain_id);
            let added = member_tokens::shut_out(ctx.db, of, lost.shut_out_at, None, lost.shut_out_why.as_deref())?;
            losses.tokens_shut_out += usize::from(added > 0);
        }
    }
    Ok(())
}
