//! Makes what `/assets/` serves: style sheets joined and squeezed, every file named by its digest and compressed, all of it in one table.
//! It decides nothing about how they are answered; that is `src/web/assets.rs`.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

#[path = "build/squeeze.rs"]
mod squeeze;

/// The style sheets, in the order of their layers.
const SHEETS: [&str; 3] = ["css/base.css", "css/parts.css", "css/pages.css"];
/// How many bytes of the digest are in a file's name.
const NAMED: usize = 8;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=build");
    println!("cargo::rerun-if-changed=assets");
    let source = Path::new(&std::env::var("CARGO_MANIFEST_DIR")?).join("assets");
    let target = PathBuf::from(std::env::var("OUT_DIR")?);

    let mut sheet = String::new();
    for name in SHEETS {
        sheet.push_str(&squeeze::css(&fs::read_to_string(source.join(name))?));
    }
    let script = squeeze::js(&fs::read_to_string(source.join("js/bugtome.js"))?);
    let assets = [
        ("bugtome.css", "text/css; charset=utf-8", sheet.into_bytes()),
        ("bugtome.js", "text/javascript; charset=utf-8", script.into_bytes()),
        ("htmx.js", "text/javascript; charset=utf-8", fs::read(source.join("vendor/htmx.js"))?),
        ("icons.svg", "image/svg+xml; charset=utf-8", fs::read(source.join("icons.svg"))?),
    ];

    let mut table = String::from("[\n");
    for (name, kind, content) in assets {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
        gzip.write_all(&content)?;
        let packed = format!("{name}.gz");
        fs::write(target.join(&packed), gzip.finish()?)?;
        fs::write(target.join(name), &content)?;
        let href = format!("/assets/{}", named(name, &content));
        writeln!(
            table,
            "Asset {{ name: {name:?}, href: {href:?}, kind: {kind:?}, plain: include_bytes!({name:?}), gzip: include_bytes!({packed:?}) }},"
        )?;
    }
    table.push_str("]\n");
    fs::write(target.join("assets.rs"), table)?;
    Ok(())
}

/// `bugtome.css` with its content's digest: `bugtome-0123456789abcdef.css`.
fn named(name: &str, content: &[u8]) -> String {
    let (stem, extension) = name.split_once('.').unwrap_or((name, ""));
    let mut named = format!("{stem}-");
    for byte in &Sha256::digest(content)[..NAMED] {
        let _ = write!(named, "{byte:02x}");
    }
    format!("{named}.{extension}")
}
