//! The provider's API: a small HTTP/1.1 server, one request a connection.
//!
//! | request | answer |
//! |---|---|
//! | `GET /ports/ID` | `{"id":…,"status":"active"}` |
//! | `GET /virtual-circuits/ID` | `{"id":…,"status":…,"vnid":…}` |
//! | `PUT /virtual-circuits/ID` with `{"vnid":"1529"}` or `{"vnid":""}` | the same |
//!
//! Refusals have a status of 4xx or 503 and `{"errors":[…]}`.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use super::{Change, Fabric, Refusal, TOKEN};

/// The fabric behind the API.
#[derive(Debug, Clone)]
pub(crate) struct Api(Arc<Mutex<Fabric>>);

/// Longest head and body of a request.
const LONGEST: u64 = 8192;
/// Longest wait for a customer.
const PATIENCE: Duration = Duration::from_secs(5);
/// How exactly the fabric keeps its times.
const TICK: Duration = Duration::from_millis(5);

impl Api {
    pub(crate) fn new(fabric: Fabric) -> Self {
        Self(Arc::new(Mutex::new(fabric)))
    }

    pub(crate) fn fabric(&self) -> MutexGuard<'_, Fabric> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets time pass for ever; tells what becomes of the traffic, in order.
    pub(crate) fn run(&self, mut tell: impl FnMut(Change)) {
        loop {
            let changes = self.fabric().advance(Instant::now());
            changes.into_iter().for_each(&mut tell);
            thread::sleep(TICK);
        }
    }

    fn answer(&self, request: &Request) -> (u16, Value) {
        let refused = |refusal: Refusal| {
            let (status, text) = refusal.http_status();
            (status, json!({ "errors": [text] }))
        };
        if request.token.as_deref() != Some(TOKEN) {
            return (
                401,
                json!({ "errors": ["X-Auth-Token is missing or wrong"] }),
            );
        }
        let (kind, id) = request
            .path
            .trim_start_matches('/')
            .split_once('/')
            .unwrap_or_default();
        let mut fabric = self.fabric();
        match (request.method.as_str(), kind) {
            ("GET", "ports") if Fabric::has_port(id) => {
                (200, json!({"id": id, "status": "active"}))
            }
            ("PUT", "virtual-circuits") => {
                let Some(vlan) = request.body["vnid"].as_str() else {
                    return (422, json!({ "errors": ["vnid is missing"] }));
                };
                match fabric.set_vlan(Instant::now(), id, vlan) {
                    Ok(()) => (200, shown(&fabric, id)),
                    Err(refusal) => refused(refusal),
                }
            }
            ("GET", "virtual-circuits") if fabric.circuit(id).is_some() => {
                (200, shown(&fabric, id))
            }
            _ => refused(Refusal::NotFound),
        }
    }
}

fn shown(fabric: &Fabric, id: &str) -> Value {
    fabric.circuit(id).map_or(
        Value::Null,
        |circuit| json!({"id": id, "status": circuit.status.to_string(), "vnid": circuit.vlan}),
    )
}

/// Answers customers for ever.
pub(crate) fn serve(listener: &TcpListener, api: &Api) {
    for stream in listener.incoming().flatten() {
        let api = api.clone();
        // Customers are few: the scripts of two nodes.
        thread::spawn(move || drop(converse(stream, &api)));
    }
}

#[derive(Debug, Default)]
struct Request {
    method: String,
    path: String,
    token: Option<String>,
    body: Value,
}

fn converse(mut stream: TcpStream, api: &Api) -> Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let (status, body) = match read(&stream) {
        Ok(request) => api.answer(&request),
        Err(error) => (400, json!({ "errors": [error.to_string()] })),
    };
    let body = body.to_string();
    write!(
        stream,
        "HTTP/1.1 {status} {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        if status == 200 { "OK" } else { "Refused" },
        body.len()
    )?;
    Ok(())
}

fn read(stream: &TcpStream) -> Result<Request> {
    let mut reader = BufReader::new(stream.take(LONGEST));
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut words = line.split_whitespace().map(str::to_owned);
    let mut request = Request {
        method: words.next().context("no method")?,
        path: words.next().context("no path")?,
        ..Request::default()
    };
    let mut length = 0;
    loop {
        line.clear();
        if reader.read_line(&mut line)? == 0 {
            bail!("the head has no end");
        }
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        let value = value.trim();
        match name.to_ascii_lowercase().as_str() {
            "x-auth-token" => request.token = Some(value.to_owned()),
            "content-length" => length = value.parse().context("Content-Length")?,
            _ => {}
        }
    }
    if length > 0 {
        let mut body = Vec::new();
        reader.take(length).read_to_end(&mut body)?;
        request.body = serde_json::from_slice(&body).context("the body is no JSON")?;
    }
    Ok(request)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::Delays;

    fn api() -> Api {
        Api::new(Fabric::new(Delays::REAL))
    }

    fn ask(api: &Api, method: &str, path: &str, body: Value) -> (u16, Value) {
        api.answer(&Request {
            method: method.to_owned(),
            path: path.to_owned(),
            token: Some(TOKEN.to_owned()),
            body,
        })
    }

    #[test]
    fn circuits_and_ports_are_shown_and_changed() {
        let api = api();
        let (status, port) = ask(&api, "GET", "/ports/port-01", Value::Null);
        assert_eq!((status, &port["status"]), (200, &json!("active")));
        let path = "/virtual-circuits/vc-1-02";
        let (status, circuit) = ask(&api, "GET", path, Value::Null);
        assert_eq!((status, &circuit["vnid"]), (200, &json!("2084")));
        let (status, circuit) = ask(&api, "PUT", path, json!({"vnid": ""}));
        assert_eq!((status, &circuit["status"]), (200, &json!("deactivating")));
        assert_eq!(ask(&api, "PUT", path, json!({"vnid": ""})).0, 422);
        assert_eq!(ask(&api, "PUT", path, json!({})).0, 422);
        assert_eq!(ask(&api, "GET", "/ports/port-09", Value::Null).0, 404);
        assert_eq!(ask(&api, "DELETE", path, Value::Null).0, 404);
        assert_eq!(api.answer(&Request::default()).0, 401);
    }

    #[test]
    fn a_real_request_is_read_and_answered() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let api = api();
        thread::spawn(move || serve(&listener, &api));
        let ask = |text: &str| {
            let mut stream = TcpStream::connect(address).unwrap();
            stream.write_all(text.as_bytes()).unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            answer
        };
        let answer = ask(&format!(
            "PUT /virtual-circuits/vc-2-01 HTTP/1.1\r\nHost: x\r\nX-Auth-Token: {TOKEN}\r\nContent-Length: 11\r\n\r\n{{\"vnid\":\"\"}}"
        ));
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert!(answer.contains("\"deactivating\""), "{answer}");
        assert!(ask("nonsense\r\n\r\n").starts_with("HTTP/1.1 400 "));
    }
}
