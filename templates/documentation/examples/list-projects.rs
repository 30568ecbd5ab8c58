// cargo add ureq --features json && cargo add serde_json
use serde_json::Value;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let get = |path: &str| -> Result<Value, Box<dyn std::error::Error>> {
        let token = format!("Bearer {}", std::env::var("BUGTOME_TOKEN")?);
        let url = format!("https://bugs.example.com/api/v1/mcp/organizations{path}");
        Ok(ureq::get(url).header("Authorization", token).call()?.body_mut().read_json()?)
    };
    for organization in get("")?["organizations"].as_array().ok_or("no list")? {
        let id = organization["id"].as_str().ok_or("no id")?;
        for project in get(&format!("/{id}/projects"))?["projects"].as_array().ok_or("no list")? {
            println!("{} {} {}", organization["name"], project["code"], project["open_tickets_count"]);
        }
    }
    Ok(())
}
