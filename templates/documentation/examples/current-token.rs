// cargo add ureq --features json && cargo add serde_json
use serde_json::Value;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let token: Value = ureq::get("https://bugs.example.com/api/v1/tokens/current")
        .header("Authorization", format!("Bearer {}", std::env::var("BUGTOME_TOKEN")?))
        .call()?.body_mut().read_json()?;
    println!("{} {} ends {}", token["name"], token["scopes"], token["expires_at"]);
    Ok(())
}
