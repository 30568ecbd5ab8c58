// cargo add ureq --features json && cargo add serde_json
use std::env::var;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let id = var("TICKET_ID")?;
    let url = format!("https://bugs.example.com/api/v1/tickets/{id}/comments");
    let written: serde_json::Value = ureq::post(url)
        .header("Authorization", format!("Bearer {}", var("BUGTOME_TOKEN")?))
        .send_json(serde_json::json!({"comment": {"content": "It happens on the staging server too."}}))?
        .body_mut().read_json()?;
    Ok(println!("{}", written["id"]))
}
