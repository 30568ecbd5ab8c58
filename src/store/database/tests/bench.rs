//! What the layer costs: `cargo test --release -- --ignored --nocapture what_the_layer_costs`.
//! It prints ratios within one run, and asserts nothing.

use std::time::Instant;

use super::{Fixture, both, count_up, sql};

async fn writes(fixture: &Fixture, clients: usize) -> f64 {
    const EACH: usize = 2000;
    let began = Instant::now();
    let tasks: Vec<_> = (0..clients)
        .map(|client| {
            let db = fixture.db.clone();
            tokio::spawn(async move {
                for _ in 0..EACH / clients {
                    let name = format!("c{client}");
                    db.write(move |db| count_up(db, &name)).await.unwrap();
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    f64::from(u32::try_from(EACH / clients * clients).unwrap()) / began.elapsed().as_secs_f64()
}

both! {
    #[ignore = "a measurement"]
    fn what_the_layer_costs(fixture) {
        fixture.with_tables().batch("INSERT INTO counters (name, next) SELECT 'c' || name, 0 FROM counters");
        fixture.db.run(|db| {
            for client in 0..64 {
                db.execute(sql!("INSERT INTO counters (name, next) VALUES (?1, 0)", String = format!("c{client}")))?;
            }
            Ok::<_, crate::store::database::Error>(())
        }).unwrap();
        fixture.wait(async {
            for _ in 0..3 {
                let began = Instant::now();
                for _ in 0..5000 {
                    fixture.db.read(|db| db.query_one(sql!((i64,): "SELECT next FROM counters WHERE name = ?1", str = "a"))).await.unwrap();
                }
                println!("read of one row: {:.1} µs", began.elapsed().as_secs_f64() * 1e6 / 5000.0);
            }
            for clients in [1, 16, 64] {
                println!("{clients} clients: {:.0} writes/s", writes(fixture, clients).await);
            }
        });
    }
}
