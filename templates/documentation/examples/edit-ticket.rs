// cargo add ureq --features json && cargo add serde_json
use std::env::var;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = format!("https://bugs.example.com/api/v1/tickets/{}", var("TICKET_ID")?);
    let token = format!("Bearer {}", var("BUGTOME_TOKEN")?);
    let read = ureq::get(&url).header("Authorization", &token).call()?;
    let tag = read.headers().get("ETag").ok_or("no ETag")?;
    // An error with status 412 says that somebody else was faster.
    let changed = ureq::patch(&url).header("Authorization", &token).header("If-Match", tag)
        .send_json(serde_json::json!({"ticket": {"status": "resolved"}}))?
        .body_mut().read_json::<serde_json::Value>()?;
    Ok(println!("{}", changed["status"]))
}
