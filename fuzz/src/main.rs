//! The fuzz step of `./test`: one program for all targets, of which `BUGTOME_FUZZ` names one. libFuzzer makes the inputs.
//! What each target tries and promises stands in its own file; how long and with which corpus it runs is `./test`'s affair.

#![no_main]

mod answers;
mod cursors;
mod forms;
mod imports;
mod markdown;
mod requests;
mod tokens;
mod world;

use std::sync::LazyLock;

use libfuzzer_sys::{Corpus, fuzz_target};

/// Tries an input, and says whether it is worth keeping.
type Attempt = fn(&[u8]) -> Corpus;

/// The targets by their names, which are those of the folders in `fuzz/seeds`.
const TARGETS: [(&str, Attempt); 7] = [
    ("cursors", cursors::attempt),
    ("forms", forms::attempt),
    ("imports", imports::attempt),
    ("markdown", markdown::attempt),
    ("patterns", markdown::attempt_again),
    ("requests", requests::attempt),
    ("tokens", tokens::attempt),
];

static TARGET: LazyLock<Attempt> = LazyLock::new(|| {
    let name = std::env::var("BUGTOME_FUZZ").unwrap_or_default();
    let names = TARGETS.map(|(name, _)| name).join(", ");
    TARGETS.iter().find(|(known, _)| *known == name).unwrap_or_else(|| panic!("BUGTOME_FUZZ must be one of {names}")).1
});

fuzz_target!(|data: &[u8]| -> Corpus { TARGET(data) });
