// cargo add ureq
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let answer = ureq::delete("https://bugs.example.com/api/v1/tokens/current")
        .header("Authorization", format!("Bearer {}", std::env::var("BUGTOME_TOKEN")?))
        .call()?;
    Ok(println!("{}", answer.status().as_u16()))
}
