//! The plainest listener over hyper: what both services of the benchmark stand on.
//! No TLS, no limits, no graceful end.

use std::net::SocketAddr;

use axum::Router;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;

/// Serves until the process is killed.
pub async fn serve(address: SocketAddr, router: Router) {
    let listener = TcpListener::bind(address).await.expect("the address is free");
    println!("listening on http://{address}");
    loop {
        let Ok((socket, _)) = listener.accept().await else { continue };
        let _ = socket.set_nodelay(true);
        let service = TowerToHyperService::new(router.clone());
        tokio::spawn(async move {
            let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(socket), service).await;
        });
    }
}
