//! `bugtome admin reindex`: what was found before is found during and after, and what was lost is found again.
//! What words are made of texts is tested beside `store::search`.

use std::process::Stdio;

use bugtome::domain::{comments, tickets};
use bugtome::model::draft::Field;
use bugtome::model::id::Id;
use bugtome::sql;

use crate::installation::{Installation, both, data};

fn furnish(place: &Installation) {
    place.run(&["import", "jira-csv", &data("hadoop_bugs.csv"), "--project", "acme/WEB"]).ok();
    let ticket = place.file_ticket("A quetzalcoatl on the login page");
    place.inside(|ctx| comments::create(ctx, ticket, &Field::Value("seen by xochipilli too".into())));
}

both! {
    fn what_was_found_is_found_during_and_after(place) {
        furnish(place);
        let found = |text: &str| place.tickets(Some(text)).1;
        let before = (found("namenode"), found("quetzalcoatl"), found("xochipilli"));
        assert!(before.0 > 50 && before.1 == 1 && before.2 == 1, "{before:?}");
        let mut child = place.command(&["admin", "reindex"]).stdout(Stdio::null()).spawn().unwrap();
        let mut asked = 0;
        let mut filed = Vec::new();
        while child.try_wait().unwrap().is_none() {
            assert_eq!((found("namenode"), found("quetzalcoatl"), found("xochipilli")), before);
            filed.push(place.file_ticket("Tlaloc, filed meanwhile"));
            asked += 1;
        }
        assert!(child.wait().unwrap().success());
        assert!(asked > 0);
        assert_eq!((found("namenode"), found("quetzalcoatl"), found("xochipilli")), before);
        assert_eq!(found("tlaloc"), i64::try_from(filed.len()).unwrap());
    }

    fn what_was_lost_is_found_again_and_strays_go(place) {
        furnish(place);
        let gone = place.file_ticket("Mictlantecuhtli is about to go");
        place.inside(|ctx| {
            let key = bugtome::store::tickets::by_id(ctx.db, gone)?.unwrap().key;
            // Words that belong to no ticket, and tickets and comments without words.
            ctx.db.execute(sql!("DELETE FROM events WHERE ticket_id = ?1", Id<bugtome::model::tickets::Ticket> = gone))?;
            ctx.db.execute(sql!("DELETE FROM tickets WHERE key = ?1", i64 = key))?;
            ctx.db.execute(sql!("DELETE FROM ticket_words WHERE rowid < ?1"; pg "DELETE FROM ticket_words WHERE key < ?1", i64 = key))?;
            ctx.db.execute(sql!("DELETE FROM comment_words WHERE rowid > ?1"; pg "DELETE FROM comment_words WHERE key > ?1", i64 = 0))?;
            Ok(())
        });
        let words = || place.inside(|ctx| {
            let tickets: (i64,) = ctx.db.query_one(sql!((i64,): "SELECT count(*) FROM ticket_words"))?;
            let comments: (i64,) = ctx.db.query_one(sql!((i64,): "SELECT count(*) FROM comment_words"))?;
            Ok((tickets.0, comments.0))
        });
        assert_eq!(words(), (1, 0));
        assert_eq!(place.tickets(Some("quetzalcoatl")).1, 0);
        place.run(&["admin", "reindex"]).ok();
        assert_eq!(words(), (2_504, 1));
        assert_eq!(place.tickets(Some("quetzalcoatl")).1, 1);
        assert_eq!(place.tickets(Some("xochipilli")).1, 1);
        // Later changes find the words that they exchange.
        let (rows, _) = place.tickets(Some("quetzalcoatl"));
        let draft = tickets::Draft { title: Field::Value("Something else".into()), ..Default::default() };
        place.inside(|ctx| tickets::edit(ctx, rows[0].id, &draft, &tickets::Expected::Any));
        assert_eq!(place.tickets(Some("quetzalcoatl")).1, 0);
    }
}
