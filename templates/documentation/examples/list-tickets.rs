// cargo add ureq --features json && cargo add serde_json
use serde_json::Value;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let tickets: Vec<Value> = ureq::get("https://bugs.example.com/api/v1/tickets")
        .header("Authorization", format!("Bearer {}", std::env::var("BUGTOME_TOKEN")?))
        .call()?.body_mut().read_json()?;
    for ticket in tickets {
        println!("{} {}", ticket["code"], ticket["title"]);
    }
    Ok(())
}
