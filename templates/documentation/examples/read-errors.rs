// cargo add ureq --features json && cargo add serde_json
use serde_json::{Value, json};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut answer = ureq::post("https://bugs.example.com/api/v1/tickets")
        .config().http_status_as_error(false).build()
        .header("Authorization", format!("Bearer {}", std::env::var("BUGTOME_TOKEN")?))
        .send_json(json!({"ticket": {"title": "", "given": "too short"}}))?;
    if !answer.status().is_success() {
        let error: Value = answer.body_mut().read_json()?;
        println!("{} {} {}", answer.status(), error["error"], error["details"]);
    }
    Ok(())
}
