//! Random visits of the pages: lists with filters and searches, tickets with their forms, members, settings, the documentation.
//! Pages that show random secrets (of tokens and links) are left out; what every visitor may do is told in `page_access`.

use super::asks::encode;
use super::dice::Dice;
use super::known::Known;
use crate::twins::{Twins, Visitor};

/// Reads that need nothing of the moment.
const PLAIN: [&str; 12] = [
    "/",
    "/workspace",
    "/workspace?page=2",
    "/account/settings",
    "/documentation",
    "/documentation/errors",
    "/documentation/tickets",
    "/workspace/organizations/{o}/members",
    "/workspace/organizations/{o}/projects/new",
    "/workspace/organizations/{o}/leave",
    "/workspace/projects/{p}/settings",
    "/workspace/projects/{p}/tickets/new?title={q}",
];

fn filters(dice: &mut Dice, known: &Known) -> String {
    let mut query = String::new();
    let mut add = |name: &str, value: &str| {
        query.push(if query.is_empty() { '?' } else { '&' });
        query.push_str(name);
        query.push('=');
        query.push_str(&encode(value));
    };
    if dice.percent(50) {
        add("q", &dice.words(2));
    }
    if dice.percent(50) {
        add("status", dice.word(&["all", "open", "closed,resolved", "in_progress", "junk"]));
    }
    if dice.percent(25) {
        add("priority", dice.word(&["critical", "low,medium", "junk"]));
    }
    if dice.percent(20) {
        let person = dice.pick(&known.people).clone();
        add("assignee", dice.word(&["me", "none", person.as_str()]));
    }
    if dice.percent(50) {
        add("sort", dice.word(&["-updated_at", "-created_at", "created_at", "-priority", "priority", "junk"]));
    }
    if dice.percent(20) {
        add("page", dice.word(&["1", "2", "3", "1000000000", "x"]));
    }
    query
}

/// Where a visitor looks.
fn address(dice: &mut Dice, known: &Known) -> String {
    let (ticket, project) = (known.ticket(dice), known.project(dice));
    let list = filters(dice, known);
    match dice.below(10) {
        0 | 1 => format!("/workspace/search{list}"),
        2 | 3 => format!("/workspace/projects/{project}{list}"),
        4 => format!("/workspace/projects/{project}/tickets/likely?title={}", encode(&dice.words(5))),
        5 => format!("/workspace/projects/{project}/tickets/{ticket}{}", dice.word(&["", "/gherkin", "/edit", "?page=2"])),
        6 => format!("/workspace/go?code={}", encode(dice.any(&known.codes).map_or("x", String::as_str))),
        7 => {
            let (ticket, comment) = dice.any(&known.comments).cloned().unwrap_or_default();
            format!("/workspace/projects/{project}/tickets/{ticket}/comments/{comment}/edit")
        }
        _ => {
            let organization = dice.pick(&known.organizations).clone();
            let plain = dice.word(&PLAIN).replace("{o}", &organization).replace("{p}", &project);
            plain.replace("{q}", &encode(&dice.words(4)))
        }
    }
}

/// A look at a page, or a form that is opened and sent.
pub async fn visit(twins: &mut Twins, dice: &mut Dice, known: &Known, who: &Visitor) -> Result<(), String> {
    if dice.percent(60) {
        let address = address(dice, known);
        return twins.open(who, &address).await.map(drop);
    }
    let (ticket, project) = (known.ticket(dice), known.project(dice));
    let base = format!("/workspace/projects/{project}/tickets");
    let text = |dice: &mut Dice| dice.text(10, 10_000);
    let (form, action, mut fields): (String, String, Vec<(&str, String)>) = match dice.below(7) {
        0 | 1 => {
            let title = dice.text(1, 200);
            let fields =
                vec![("title", title), ("given", text(dice)), ("when", text(dice)), ("then", text(dice)), ("priority", "high".to_owned())];
            (format!("{base}/new"), format!("{base}/new"), fields)
        }
        2 => {
            let fields = vec![
                ("title", dice.text(1, 200)),
                ("given", text(dice)),
                ("when", text(dice)),
                ("then", text(dice)),
                ("notes", text(dice)),
            ];
            (format!("{base}/{ticket}/edit"), format!("{base}/{ticket}/edit"), fields)
        }
        3 => {
            let facts = [
                ("status", "closed".to_owned()),
                ("status", "open".to_owned()),
                ("priority", "low".to_owned()),
                ("assignee", dice.pick(&known.people).clone()),
            ];
            (format!("{base}/{ticket}"), format!("{base}/{ticket}/facts"), vec![dice.pick(&facts).clone()])
        }
        4 => (format!("{base}/{ticket}"), format!("{base}/{ticket}/comments"), vec![("content", dice.text(1, 50_000))]),
        5 => {
            let mut fields: Vec<_> = (0..dice.below(6)).map(|_| ("ticket", known.ticket(dice))).collect();
            fields.push((dice.word(&["status", "priority"]), dice.word(&["resolved", "open", "critical"]).to_string()));
            (format!("/workspace/projects/{project}?status=all"), format!("{base}/bulk?status=all"), fields)
        }
        _ => (format!("{base}/{ticket}"), format!("{base}/{ticket}/{}", dice.word(&["delete", "restore"])), Vec::new()),
    };
    let (left, right) = twins.open(who, &form).await?;
    if let Some(opened) = left.hidden("opened") {
        fields.push(("opened", opened));
    }
    let once = left.hidden("once").zip(right.hidden("once"));
    twins.submit(who, &action, &fields, once).await.map(drop)
}
