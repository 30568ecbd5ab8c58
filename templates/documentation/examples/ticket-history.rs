// cargo add ureq --features json && cargo add serde_json
use std::env::var;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = format!("https://bugs.example.com/api/v1/tickets/{}/events", var("TICKET_ID")?);
    let events: Vec<serde_json::Value> = ureq::get(url)
        .header("Authorization", format!("Bearer {}", var("BUGTOME_TOKEN")?))
        .call()?.body_mut().read_json()?;
    for event in events {
        println!("{} {} {}", event["created_at"], event["event"], event["actor"]["name"]);
    }
    Ok(())
}
