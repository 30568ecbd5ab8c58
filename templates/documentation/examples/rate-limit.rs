// cargo add ureq
use std::{env::var, thread::sleep, time::Duration};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let answer = ureq::get("https://bugs.example.com/api/v1/tickets")
        .config().http_status_as_error(false).build()
        .header("Authorization", format!("Bearer {}", var("BUGTOME_TOKEN")?)).call()?;
    if answer.status() == 429 {
        sleep(Duration::from_secs(answer.headers()["Retry-After"].to_str()?.parse()?));
    }
    Ok(println!("{:?} left", answer.headers().get("X-RateLimit-Remaining")))
}
