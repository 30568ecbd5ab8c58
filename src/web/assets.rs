//! Style sheet, script, htmx and icons, built into the binary by `build.rs` under names that change with their content.
//! It asks no session and no database: what is here is the same for everybody, for ever.

use axum::body::{Body, Bytes};
use axum::http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, VARY};
use axum::http::{HeaderValue, Response};

/// A file that is served.
struct Asset {
    /// What templates call it.
    name: &'static str,
    /// Where it is, with its digest.
    href: &'static str,
    /// Its media type.
    kind: &'static str,
    /// Its bytes.
    plain: &'static [u8],
    /// The same, compressed.
    gzip: &'static [u8],
}

static ASSETS: [Asset; 4] = include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// The address of an asset, for templates: `bugtome.css`, `bugtome.js`, `htmx.js`, `icons.svg`. Empty for a name that is none of them.
pub(super) fn href(name: &str) -> &'static str {
    ASSETS.iter().find(|asset| asset.name == name).map_or("", |asset| asset.href)
}

/// The answer to `GET /assets/{file}`; None where nothing is called that.
pub(super) fn answer(file: &str, accepts_gzip: bool) -> Option<Response<Body>> {
    let asset = ASSETS.iter().find(|asset| asset.href.strip_prefix("/assets/") == Some(file))?;
    let bytes = if accepts_gzip { asset.gzip } else { asset.plain };
    let mut response = Response::new(Body::from(Bytes::from_static(bytes)));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(asset.kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
    headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    if accepts_gzip {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    Some(response)
}

#[cfg(test)]
#[path = "../../build/squeeze.rs"]
mod squeeze;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::{Path, PathBuf};

    use sha2::{Digest, Sha256};

    use super::*;

    fn asset(name: &str) -> &'static Asset {
        ASSETS.iter().find(|asset| asset.name == name).unwrap()
    }

    /// Every file under a folder of the package, with its text.
    fn texts(folder: &str) -> Vec<(PathBuf, String)> {
        let mut found = Vec::new();
        let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let text = fs::read_to_string(&path).unwrap();
                    found.push((path, text));
                }
            }
        }
        found
    }

    fn digest(bytes: &[u8]) -> String {
        Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
    }

    #[test]
    fn every_asset_is_served_for_ever_and_smaller_to_those_who_take_gzip() {
        for asset in &ASSETS {
            let file = href(asset.name).strip_prefix("/assets/").unwrap();
            let (stem, extension) = asset.name.split_once('.').unwrap();
            assert_eq!(file, format!("{stem}-{}.{extension}", &digest(asset.plain)[..16]));
            let plain = answer(file, false).unwrap();
            assert_eq!(plain.headers()[CACHE_CONTROL], "public, max-age=31536000, immutable");
            assert_eq!(plain.headers()[CONTENT_TYPE], asset.kind);
            assert_eq!(plain.headers()[VARY], "accept-encoding");
            assert!(plain.headers().get(CONTENT_ENCODING).is_none());
            let packed = answer(file, true).unwrap();
            assert_eq!(packed.headers()[CONTENT_ENCODING], "gzip");
            assert!(asset.gzip.len() * 2 < asset.plain.len(), "{}: {} of {}", asset.name, asset.gzip.len(), asset.plain.len());
            assert_eq!(asset.gzip[..2], [0x1f, 0x8b]);
        }
        for other in ["", "bugtome.css", "bugtome-0.css", "../Cargo.toml", "assets.rs"] {
            assert!(answer(other, false).is_none(), "{other}");
        }
        assert_eq!(href("nothing.css"), "");
    }

    #[test]
    fn what_pages_load_stays_small() {
        for (name, most) in [("bugtome.css", 25_000), ("bugtome.js", 4_700), ("icons.svg", 6_500)] {
            let size = asset(name).plain.len();
            assert!(size <= most, "{name} has {size} bytes");
        }
        let all: usize = ASSETS.iter().map(|asset| asset.gzip.len()).sum();
        assert!(all < 32_000, "{all} bytes for a first visit");
    }

    #[test]
    fn what_others_wrote_is_listed_and_unchanged() {
        let list: toml::Table = include_str!("../../assets/vendor/list.toml").parse().unwrap();
        let mut listed = BTreeSet::from(["list.toml".to_owned()]);
        for entry in list["file"].as_array().unwrap() {
            for key in ["name", "version", "licence", "source"] {
                assert!(!entry[key].as_str().unwrap().is_empty());
            }
            let file = entry["file"].as_str().unwrap();
            let bytes = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/vendor").join(file)).unwrap();
            assert_eq!(digest(&bytes), entry["sha256"].as_str().unwrap(), "{file}");
            listed.insert(file.to_owned());
        }
        let there: BTreeSet<String> =
            texts("assets/vendor").iter().map(|(path, _)| path.file_name().unwrap().to_str().unwrap().to_owned()).collect();
        assert_eq!(there, listed);
    }

    /// The pages' templates.
    fn templates() -> Vec<(PathBuf, String)> {
        let mut templates = texts("templates");
        templates.retain(|(path, _)| path.extension().is_some_and(|extension| extension == "html"));
        assert!(templates.len() >= 5);
        templates
    }

    #[test]
    fn no_template_has_style_or_script_of_its_own_or_asks_another_host() {
        for (path, text) in templates() {
            for banned in [" style=", "<style", "javascript:", "src=\"http", "src=\"//", "<iframe", "<object", "<base"] {
                assert!(!text.contains(banned), "{} has {banned}", path.display());
            }
            let on = text.match_indices(" on").filter(|(at, _)| {
                let rest = text[at + 3..].trim_start_matches(|character: char| character.is_ascii_lowercase());
                rest.starts_with("=\"") || rest.starts_with("='")
            });
            assert_eq!(on.count(), 0, "{} has an event handler", path.display());
            for script in text.split("<script").skip(1) {
                assert!(script.starts_with(" src=\"{{ crate::web::assets::href("), "{} has a script of its own", path.display());
            }
            for link in text.split("<link").skip(1) {
                assert!(
                    link.split('>').next().unwrap().contains(" href=\"{{ crate::web::assets::href("),
                    "{} links to something else",
                    path.display()
                );
            }
            for named in text.split("assets::href(\"").skip(1) {
                let name = named.split('"').next().unwrap();
                assert!(!href(name).is_empty(), "{} asks for {name}", path.display());
            }
        }
    }

    #[test]
    fn every_icon_that_a_template_names_is_in_the_file() {
        let icons = include_str!("../../assets/icons.svg");
        for (path, text) in templates() {
            let calls = ["icon(\"", "sign(\"", "status_icon(\"", "priority_icon(\"", "#i-"];
            for name in calls.iter().flat_map(|call| text.split(call).skip(1)) {
                let name: String = name.chars().take_while(|character| character.is_ascii_lowercase() || *character == '_').collect();
                assert!(name.is_empty() || icons.contains(&format!("id=\"i-{name}\"")), "{} draws {name}", path.display());
            }
        }
    }
}
