// cargo add ureq --features json && cargo add serde_json
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut answer = ureq::get("https://bugs.example.com/api/v1/tickets")
        .query_pairs([("status", "open,in_progress"), ("priority", "high,critical")])
        .query_pairs([("q", "coupon"), ("sort", "-updated_at"), ("per_page", "50")])
        .header("Authorization", format!("Bearer {}", std::env::var("BUGTOME_TOKEN")?))
        .call()?;
    println!("{:?} in all", answer.headers().get("X-Total-Count"));
    for ticket in answer.body_mut().read_json::<Vec<serde_json::Value>>()? {
        println!("{} {}", ticket["code"], ticket["title"]);
    }
    Ok(())
}
