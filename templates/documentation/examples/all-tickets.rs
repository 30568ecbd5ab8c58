// cargo add ureq --features json && cargo add serde_json
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let token = format!("Bearer {}", std::env::var("BUGTOME_TOKEN")?);
    let mut next = Some("/api/v1/tickets?per_page=100".to_owned());
    while let Some(path) = next {
        let url = format!("https://bugs.example.com{path}");
        let mut answer = ureq::get(url).header("Authorization", &token).call()?;
        for ticket in answer.body_mut().read_json::<Vec<serde_json::Value>>()? {
            println!("{} {}", ticket["code"], ticket["title"]);
        }
        let link = answer.headers().get("Link").and_then(|link| link.to_str().ok());
        next = link.and_then(|link| Some(link.strip_prefix('<')?.split_once('>')?.0.to_owned()));
    }
    Ok(())
}
