// cargo add ureq --features json && cargo add serde_json
use std::env::var;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let filed: serde_json::Value = ureq::post("https://bugs.example.com/api/v1/tickets")
        .header("Authorization", format!("Bearer {}", var("BUGTOME_TOKEN")?))
        .header("Idempotency-Key", "nightly-2024-01-15")
        .send_json(serde_json::json!({"ticket": {
            "project_id": var("PROJECT_ID")?, "priority": "high",
            "title": "Checkout forgets the coupon after signing in",
            "given": "a basket with a valid coupon, and nobody signed in",
            "when": "the customer signs in during checkout", "then": "the coupon is gone from the basket"}}))?
        .body_mut().read_json()?;
    Ok(println!("{}", filed["code"]))
}
