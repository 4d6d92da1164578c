//! A server that speaks as much of S3 as is needed, on loopback, and fails when it
//! is told to. It takes nothing that is not signed as AWS says (Signature Version
//! 4), which it works out by itself from what came over the wire.

use std::{
    collections::{BTreeMap, HashMap},
    fmt::Write as _,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use hmac::{Hmac, KeyInit as _, Mac as _};

use super::*;

/// Names in a page of a list.
pub(super) const PAGE: usize = 4;

const KEY_ID: &str = "key";
const SECRET: &str = "secret";

/// What the environment of a relay says of this server.
pub(super) fn environment(name: &str) -> Option<String> {
    match name {
        "AWS_ACCESS_KEY_ID" => Some(KEY_ID.to_owned()),
        "AWS_SECRET_ACCESS_KEY" => Some(SECRET.to_owned()),
        _ => None,
    }
}

/// How a request fails.
#[derive(Debug, Clone, Copy)]
pub(super) enum Fault {
    /// The server says no.
    Status(u16),
    /// It closes the connection instead of an answer.
    HangUp,
    /// It closes the connection within its answer.
    Cut,
    /// It says nothing.
    Silent,
    /// It never comes to the end of its answer.
    Endless,
}

#[derive(Default)]
struct State {
    objects: BTreeMap<String, Vec<u8>>,
    fault: Option<(Fault, usize)>,
    /// Bytes of answers without end.
    endless: usize,
}

/// A server.
pub(super) struct Server {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    stopped: Arc<AtomicBool>,
}

struct Request {
    method: String,
    path: String,
    query: String,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

struct Answer(u16, Vec<u8>);

impl Server {
    pub(super) fn start() -> Self {
        Self::at("127.0.0.1:0".parse().unwrap(), Arc::default())
    }

    fn at(address: SocketAddr, state: Arc<Mutex<State>>) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        let address = listener.local_addr().unwrap();
        let stopped = Arc::new(AtomicBool::new(false));
        let server = Self { address, state: Arc::clone(&state), stopped: Arc::clone(&stopped) };
        thread::spawn(move || {
            for stream in listener.incoming() {
                if stopped.load(Ordering::SeqCst) {
                    return;
                }
                let (state, stopped) = (Arc::clone(&state), Arc::clone(&stopped));
                thread::spawn(move || serve(&stream.unwrap(), &state, &stopped));
            }
        });
        server
    }

    /// Ends it; what it holds is there when it is started again.
    pub(super) fn stop(self) -> Stopped {
        Stopped(self.address, Arc::clone(&self.state))
    }

    pub(super) fn url(&self) -> String {
        format!("s3://blobs/part/of%20it?endpoint=http://{}&region=eu-here-1", self.address)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.state().objects.keys().cloned().collect()
    }

    pub(super) fn replace_all(&self, bytes: &[u8]) {
        for object in self.state().objects.values_mut() {
            *object = bytes.to_vec();
        }
    }

    /// Lets so many requests fail.
    pub(super) fn fail(&self, fault: Fault, times: usize) {
        self.state().fault = Some((fault, times));
    }

    pub(super) fn endless_bytes(&self) -> usize {
        self.state().endless
    }

    pub(super) fn left_to_fail(&self) -> usize {
        self.state().fault.map_or(0, |(_, times)| times)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::SeqCst);
        // Wakes whoever accepts, so that the port is free.
        let _ = TcpStream::connect(self.address);
    }
}

/// A server that was ended.
pub(super) struct Stopped(SocketAddr, Arc<Mutex<State>>);

impl Stopped {
    pub(super) fn start(self) -> Server {
        for _ in 0..500 {
            if TcpListener::bind(self.0).is_ok() {
                break;
            }
            thread::sleep(Duration::from_millis(10));
        }
        Server::at(self.0, self.1)
    }
}

fn serve(stream: &TcpStream, state: &Mutex<State>, stopped: &AtomicBool) {
    let mut reader = BufReader::new(stream);
    while let Some(request) = read(&mut reader) {
        if stopped.load(Ordering::SeqCst) {
            return;
        }
        let fault = {
            let mut state = state.lock().unwrap();
            let fault = state.fault.filter(|(_, times)| *times > 0);
            state.fault = fault.map(|(fault, times)| (fault, times - 1));
            fault.map(|(fault, _)| fault)
        };
        if !answer(stream, &request, state, fault) {
            return;
        }
    }
}

/// Answers; says whether the connection goes on.
fn answer(
    mut stream: &TcpStream,
    request: &Request,
    state: &Mutex<State>,
    fault: Option<Fault>,
) -> bool {
    let send = |mut stream: &TcpStream, Answer(status, body): &Answer| {
        let head = format!("HTTP/1.1 {status} Word\r\ncontent-length: {}\r\n", body.len());
        let rest = "last-modified: Sat, 21 Nov 2026 10:00:00 GMT\r\netag: \"1\"\r\n\r\n";
        let all = [head.as_bytes(), rest.as_bytes(), body].concat();
        stream.write_all(&all).is_ok()
    };
    match fault {
        None => {
            let answer = act(request, &mut state.lock().unwrap().objects);
            // A name of nothing is all that the answer to a HEAD may have.
            send(stream, &answer)
        }
        Some(Fault::Status(status)) => send(stream, &Answer(status, Vec::new())),
        Some(Fault::HangUp) => false,
        Some(Fault::Cut) => {
            let _ = stream.write_all(
                b"HTTP/1.1 200 Word\r\ncontent-length: 100\r\n\
                  last-modified: Sat, 21 Nov 2026 10:00:00 GMT\r\netag: \"1\"\r\n\r\nhalf",
            );
            false
        }
        Some(Fault::Silent) => {
            // Until the other side has had enough.
            let _ = stream.read(&mut [0]);
            false
        }
        Some(Fault::Endless) => {
            let _ = stream.write_all(b"HTTP/1.1 200 Word\r\netag: \"1\"\r\n\r\n");
            while stream.write_all(&[b' '; 16_384]).is_ok() {
                state.lock().unwrap().endless += 16_384;
            }
            false
        }
    }
}

fn read(reader: &mut BufReader<&TcpStream>) -> Option<Request> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let mut words = line.split(' ');
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let (path, query) = (path.to_owned(), query.to_owned());
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.insert(name.to_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Request { method, path, query, headers, body })
}

fn act(request: &Request, objects: &mut BTreeMap<String, Vec<u8>>) -> Answer {
    if !is_signed(request) {
        return Answer(403, b"<Error><Code>SignatureDoesNotMatch</Code></Error>".to_vec());
    }
    let query: HashMap<String, String> =
        url::form_urlencoded::parse(request.query.as_bytes()).into_owned().collect();
    let Some(name) = unescaped(&request.path).strip_prefix("/blobs").map(str::to_owned) else {
        return Answer(404, b"<Error><Code>NoSuchBucket</Code></Error>".to_vec());
    };
    let name = name.trim_start_matches('/').to_owned();
    match request.method.as_str() {
        "PUT" => {
            objects.insert(name, request.body.clone());
            Answer(200, Vec::new())
        }
        "GET" if query.contains_key("list-type") => Answer(200, list(&query, objects)),
        "GET" => match objects.get(&name) {
            Some(bytes) => Answer(200, bytes.clone()),
            None => Answer(404, b"<Error><Code>NoSuchKey</Code></Error>".to_vec()),
        },
        "POST" if query.contains_key("delete") => Answer(200, delete(&request.body, objects)),
        _ => Answer(405, Vec::new()),
    }
}

fn list(query: &HashMap<String, String>, objects: &BTreeMap<String, Vec<u8>>) -> Vec<u8> {
    let prefix = query.get("prefix").map_or("", String::as_str);
    let after = query.get("continuation-token").map_or("", String::as_str);
    let all: Vec<&String> =
        objects.keys().filter(|name| name.starts_with(prefix) && name.as_str() > after).collect();
    let page = &all[..all.len().min(PAGE)];
    let is_more = all.len() > page.len();
    let mut text = format!("<ListBucketResult><IsTruncated>{is_more}</IsTruncated>");
    for name in page {
        write!(
            text,
            "<Contents><Key>{name}</Key><Size>1</Size><ETag>\"1\"</ETag>\
             <LastModified>2026-11-21T10:00:00.000Z</LastModified></Contents>"
        )
        .unwrap();
    }
    if is_more {
        write!(text, "<NextContinuationToken>{}</NextContinuationToken>", page.last().unwrap())
            .unwrap();
    }
    (text + "</ListBucketResult>").into_bytes()
}

fn delete(body: &[u8], objects: &mut BTreeMap<String, Vec<u8>>) -> Vec<u8> {
    let text = std::str::from_utf8(body).unwrap();
    let mut answer = "<DeleteResult>".to_owned();
    for part in text.split("<Key>").skip(1) {
        let name = part.split("</Key>").next().unwrap();
        objects.remove(name);
        write!(answer, "<Deleted><Key>{name}</Key></Deleted>").unwrap();
    }
    (answer + "</DeleteResult>").into_bytes()
}

fn unescaped(path: &str) -> String {
    let pair = format!("p={}", path.replace('+', "%2B"));
    url::form_urlencoded::parse(pair.as_bytes()).next().unwrap().1.into_owned()
}

fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn is_signed(request: &Request) -> bool {
    let header = |name: &str| request.headers.get(name).map_or("", String::as_str);
    let authorization = header("authorization");
    let field = |name: &str| {
        let rest = authorization.split(name).nth(1)?;
        Some(rest.split([',', ' ']).next()?.to_owned())
    };
    let (Some(credential), Some(signed), Some(signature)) =
        (field("Credential="), field("SignedHeaders="), field("Signature="))
    else {
        return false;
    };
    let Some((id, scope)) = credential.split_once('/') else { return false };
    let body_hash = HEXLOWER.encode(&Sha256::digest(&request.body));
    let needed = ["host", "x-amz-content-sha256", "x-amz-date"];
    if id != KEY_ID
        || header("x-amz-content-sha256") != body_hash
        || !needed.iter().all(|name| signed.split(';').any(|signed| signed == *name))
    {
        return false;
    }
    let mut pairs: Vec<String> = request.query.split('&').map(str::to_owned).collect();
    pairs.sort();
    let pairs = pairs.iter().filter(|pair| !pair.is_empty());
    let pairs =
        pairs.map(|pair| if pair.contains('=') { pair.clone() } else { format!("{pair}=") });
    let pairs: Vec<String> = pairs.collect();
    let headers = signed.split(';').map(|name| format!("{name}:{}", header(name)));
    let headers = headers.collect::<Vec<_>>().join("\n") + "\n";
    let canonical = [
        &request.method,
        &request.path,
        &pairs.join("&").replace('+', "%20"),
        &headers,
        &signed,
        &body_hash,
    ]
    .map(String::as_str)
    .join("\n");
    let hash = HEXLOWER.encode(&Sha256::digest(canonical));
    let text = format!("AWS4-HMAC-SHA256\n{}\n{scope}\n{hash}", header("x-amz-date"));
    let first = format!("AWS4{SECRET}").into_bytes();
    let key = scope.split('/').fold(first, |key, part| hmac(&key, part));
    HEXLOWER.encode(&hmac(&key, &text)) == signature
}
