// cargo add ureq --features json && cargo add serde_json
use std::env::var;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = format!("https://bugs.example.com/api/v1/tickets/{}", var("TICKET_ID")?);
    let token = format!("Bearer {}", var("BUGTOME_TOKEN")?);
    ureq::delete(&url).header("Authorization", &token).call()?;
    // Within 30 days it can be had back:
    let restored: serde_json::Value = ureq::post(format!("{url}/restore"))
        .header("Authorization", &token).send_empty()?.body_mut().read_json()?;
    Ok(println!("{}", restored["code"]))
}
