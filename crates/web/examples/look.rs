//! Serves the fictional school of the tests on `127.0.0.1:8765`, for whoever works on a page and wants to look at it.
//! `cargo run -p belisha-web --features testing --example look`; everybody's password is in `testing::PASSWORD`.

use belisha_store::Store;
use belisha_web::testing::{PASSWORD, PEOPLE, TestSchool};
use std::net::SocketAddr;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let address: SocketAddr = std::env::args().nth(1).as_deref().unwrap_or("127.0.0.1:8765").parse()?;
    let file = std::env::temp_dir().join(format!("belisha-look-{}.db", std::process::id()));
    let store = Store::open(&format!("sqlite://{}", file.display()), belisha_store::testing::entropy()).await?;
    let school = TestSchool::open(store).await;
    let names: Vec<&str> = PEOPLE.iter().map(|person| person.username).collect();
    eprintln!("http://localhost:{}\n{}\npassword: {PASSWORD}", address.port(), names.join(", "));
    let listener = tokio::net::TcpListener::bind(address).await?;
    axum::serve(listener, belisha_web::router(school.app.clone()).into_make_service_with_connect_info::<SocketAddr>())
        .await?;
    Ok(())
}
