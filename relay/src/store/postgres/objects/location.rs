//! Where objects are, as an operator writes it.

use std::{net::IpAddr, path::PathBuf};

use object_store::path::Path as Key;
use url::{Host, Url};

/// What can be written.
pub const EXAMPLES: &str =
    "`file:///folder`, or `s3://bucket/prefix?endpoint=https://HOST&region=REGION`";

/// Why a URL leads to no objects. The operator's fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LocationError {
    /// It is no URL.
    #[error("it is no URL")]
    NoUrl,
    /// Objects are not kept behind that scheme.
    #[error("blobs are kept behind `file` or `s3`, not `{0}`")]
    Scheme(String),
    /// A folder is named by its whole path on this machine, and nothing else.
    #[error("a folder is `file:///` and its whole path")]
    NoFolder,
    /// There is no bucket in it.
    #[error("it names no bucket")]
    NoBucket,
    /// A user or a password stands in it.
    #[error("credentials do not belong into it")]
    Credentials,
    /// Something is asked for that is not known here.
    #[error("`{0}` means nothing here")]
    Parameter(String),
    /// The endpoint is no address of a server.
    #[error("the endpoint is not `https://HOST[:PORT]`")]
    Endpoint,
    /// The way to the endpoint is open to others.
    #[error("without TLS the endpoint must be on this machine")]
    Plain,
}

/// A place for objects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Location {
    /// On a disk of this machine.
    Folder(PathBuf),
    /// In a bucket.
    Bucket(Bucket),
}

/// A bucket, or a part of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bucket {
    pub(super) name: String,
    pub(super) prefix: Key,
    /// The server, if it is not the one that the region implies.
    pub(super) endpoint: Option<String>,
    pub(super) region: Option<String>,
}

impl Location {
    pub(super) fn parse(text: &str) -> Result<Self, LocationError> {
        let url = Url::parse(text).map_err(|_| LocationError::NoUrl)?;
        match url.scheme() {
            "file" => folder(&url).map(Self::Folder),
            "s3" => bucket(&url).map(Self::Bucket),
            scheme => Err(LocationError::Scheme(scheme.to_owned())),
        }
    }
}

fn folder(url: &Url) -> Result<PathBuf, LocationError> {
    let is_bare = url.query().is_none() && url.fragment().is_none();
    let path = url.to_file_path().ok().filter(|path| is_bare && path.parent().is_some());
    path.ok_or(LocationError::NoFolder)
}

fn bucket(url: &Url) -> Result<Bucket, LocationError> {
    if !url.username().is_empty() || url.password().is_some() {
        return Err(LocationError::Credentials);
    }
    let name = url.host_str().filter(|name| !name.is_empty()).ok_or(LocationError::NoBucket)?;
    let prefix = Key::from_url_path(url.path()).map_err(|_| LocationError::NoUrl)?;
    let mut bucket = Bucket { name: name.to_owned(), prefix, endpoint: None, region: None };
    for (name, value) in url.query_pairs() {
        match &*name {
            "endpoint" => bucket.endpoint = Some(endpoint(&value)?),
            "region" => bucket.region = Some(value.into_owned()),
            _ => return Err(LocationError::Parameter(name.into_owned())),
        }
    }
    Ok(bucket)
}

fn endpoint(text: &str) -> Result<String, LocationError> {
    let url = Url::parse(text).map_err(|_| LocationError::Endpoint)?;
    let is_bare = url.query().is_none() && url.fragment().is_none() && url.path() == "/";
    if !is_bare || !url.username().is_empty() || url.password().is_some() {
        return Err(LocationError::Endpoint);
    }
    match (url.scheme(), url.host()) {
        ("https", Some(_)) => Ok(text.to_owned()),
        ("http", Some(host)) if is_here(&host) => Ok(text.to_owned()),
        ("http", Some(_)) => Err(LocationError::Plain),
        _ => Err(LocationError::Endpoint),
    }
}

/// Whether what is sent there stays on this machine.
fn is_here(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost",
        Host::Ipv4(address) => IpAddr::V4(*address).is_loopback(),
        Host::Ipv6(address) => IpAddr::V6(*address).is_loopback(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_named_by_its_whole_path() {
        let folder = |text: &str| Location::parse(text);
        assert_eq!(folder("file:///a/b%20c"), Ok(Location::Folder("/a/b c".into())));
        for text in ["file:///", "file://host/a", "file:///a?b=c", "file:///a#b"] {
            assert_eq!(folder(text), Err(LocationError::NoFolder), "{text}");
        }
    }

    #[test]
    fn a_bucket_has_a_name_and_perhaps_a_prefix_a_server_and_a_region() {
        let parsed = Location::parse(
            "s3://blobs/a/b?endpoint=https://objects.example:9000&region=eu-central-1",
        );
        let bucket = Bucket {
            name: "blobs".to_owned(),
            prefix: Key::from("a/b"),
            endpoint: Some("https://objects.example:9000".to_owned()),
            region: Some("eu-central-1".to_owned()),
        };
        assert_eq!(parsed, Ok(Location::Bucket(bucket)));
        let bare = Location::parse("s3://blobs");
        assert!(matches!(bare, Ok(Location::Bucket(bucket)) if bucket.prefix == Key::default()));
    }

    #[test]
    fn what_leads_nowhere_or_is_open_to_others_is_refused() {
        let parse = |text: &str| Location::parse(text).unwrap_err();
        assert_eq!(parse("/var/blobs"), LocationError::NoUrl);
        assert_eq!(parse("gs://blobs"), LocationError::Scheme("gs".to_owned()));
        assert_eq!(parse("s3:///prefix"), LocationError::NoBucket);
        assert_eq!(parse("s3://key:secret@blobs"), LocationError::Credentials);
        assert_eq!(parse("s3://blobs?acl=public"), LocationError::Parameter("acl".to_owned()));
        for endpoint in ["http://objects.example", "http://10.0.0.1", "http://[::2]:9000"] {
            let url = format!("s3://blobs?endpoint={endpoint}");
            assert_eq!(parse(&url), LocationError::Plain, "{endpoint}");
        }
        for endpoint in ["objects.example", "https://", "https://a/b", "https://u:p@a", "ftp://a"] {
            let url = format!("s3://blobs?endpoint={endpoint}");
            assert_eq!(parse(&url), LocationError::Endpoint, "{endpoint}");
        }
        for endpoint in ["http://127.0.0.1:9000", "http://[::1]:9000", "http://localhost:9000"] {
            assert!(Location::parse(&format!("s3://blobs?endpoint={endpoint}")).is_ok());
        }
    }
}
