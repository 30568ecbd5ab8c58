//! What pages load: found by the addresses in the pages, kept for ever, packed where the browser takes it, the same for everybody.
//! Sizes and what templates may hold are checked beside the code, in `src/web/assets.rs`.

use crate::harness::{TestApp, both};

both! {
    what_a_page_names_can_be_loaded_and_kept,
    what_is_not_there_is_not_found,
}

/// Every address under `/assets/` in a page, without its fragment.
fn named(page: &str) -> Vec<String> {
    let mut named: Vec<String> =
        page.split("\"/assets/").skip(1).map(|rest| format!("/assets/{}", rest.split(['"', '#']).next().unwrap())).collect();
    named.sort();
    named.dedup();
    named
}

async fn what_a_page_names_can_be_loaded_and_kept(app: TestApp) {
    let world = app.world().await;
    let stranger = app.browser();
    let outside = named(&stranger.get("/login").await.is(200).text);
    let inside = named(&app.signed_in(&world.member).await.get("/account/settings").await.is(200).text);
    assert_eq!(outside, inside);
    let stems: Vec<&str> = outside.iter().map(|path| path.split(['/', '-']).nth(2).unwrap()).collect();
    assert_eq!(stems, ["bugtome", "bugtome", "htmx", "icons"]);
    for path in outside {
        let plain = stranger.get(&path).await;
        plain.is(200);
        assert_eq!(plain.header("cache-control"), Some("public, max-age=31536000, immutable"));
        assert_eq!(plain.header("vary"), Some("accept-encoding"));
        assert_eq!((plain.header("content-encoding"), plain.header("set-cookie")), (None, None));
        let kind = match path.rsplit_once('.').unwrap().1 {
            "css" => "text/css; charset=utf-8",
            "js" => "text/javascript; charset=utf-8",
            _ => "image/svg+xml; charset=utf-8",
        };
        assert_eq!(plain.header("content-type"), Some(kind));
        let packed = stranger.get_with(&path, "accept-encoding", "br, gzip").await;
        packed.is(200);
        assert_eq!(packed.header("content-encoding"), Some("gzip"));
        assert_eq!(packed.header("content-type"), Some(kind));
        let refused = stranger.get_with(&path, "accept-encoding", "gzip;q=0").await;
        assert_eq!(refused.header("content-encoding"), None);
        assert_eq!(refused.text, plain.text);
    }
}

async fn what_is_not_there_is_not_found(app: TestApp) {
    let browser = app.browser();
    for path in ["/assets/bugtome.css", "/assets/bugtome-0123456789abcdef.css", "/assets/%2e%2e%2fCargo.toml", "/assets/vendor/htmx.js"] {
        browser.get(path).await.is(404);
    }
}
