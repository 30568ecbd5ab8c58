// cargo add ureq --features json && cargo add serde_json
use std::env::var;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let id = var("ORGANIZATION_ID")?;
    let url = format!("https://bugs.example.com/api/v1/mcp/organizations/{id}/members");
    let answer: serde_json::Value = ureq::get(url)
        .header("Authorization", format!("Bearer {}", var("BUGTOME_TOKEN")?))
        .call()?.body_mut().read_json()?;
    for member in answer["members"].as_array().ok_or("no list")? {
        println!("{} {}", member["name"], member["role"]);
    }
    Ok(())
}
