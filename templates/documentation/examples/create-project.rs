// cargo add ureq --features json && cargo add serde_json
use std::env::var;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let id = var("ORGANIZATION_ID")?;
    let url = format!("https://bugs.example.com/api/v1/mcp/organizations/{id}/projects");
    let made: serde_json::Value = ureq::post(url)
        .header("Authorization", format!("Bearer {}", var("BUGTOME_TOKEN")?))
        .send_json(serde_json::json!({"project": {"name": "Mobile app", "code": "APP"}}))?
        .body_mut().read_json()?;
    Ok(println!("{}", made["id"]))
}
