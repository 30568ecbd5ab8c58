// cargo add ureq --features json && cargo add serde_json
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let answer = ureq::post("https://bugs.example.com/api/v1/tokens/revoke")
        .send_json(serde_json::json!({"token": std::env::var("FOUND_TOKEN")?}))?;
    Ok(println!("{}", answer.status().as_u16()))
}
