// cargo add ureq --features json && cargo add serde_json
use std::env::var;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let project = serde_json::json!({"description": "The shop until spring", "archived": true});
    let url = format!("https://bugs.example.com/api/v1/projects/{}", var("PROJECT_ID")?);
    let changed: serde_json::Value = ureq::patch(url)
        .header("Authorization", format!("Bearer {}", var("BUGTOME_TOKEN")?))
        .send_json(serde_json::json!({"project": project}))?
        .body_mut().read_json()?;
    Ok(println!("{}", changed["archived_at"]))
}
