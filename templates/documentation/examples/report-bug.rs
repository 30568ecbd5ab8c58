// cargo add ureq --features json && cargo add serde_json
use serde_json::{Value, json};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let filed: Value = ureq::post("https://bugs.example.com/api/v1/tickets")
        .header("Authorization", format!("Bearer {}", std::env::var("BUGTOME_TOKEN")?))
        .send_json(json!({"ticket": {
            "title": "The build is red", "given": "a clean checkout of main",
            "when": "the tests are run", "then": "one of them fails"}}))?
        .body_mut().read_json()?;
    Ok(println!("{}", filed["code"]))
}
