//! A bucket: what signs requests to it, over connections of our own.

use std::{sync::Arc, time::Duration};

use object_store::{
    ClientOptions, ObjectStore, RetryConfig,
    aws::AmazonS3Builder,
    client::{HttpClient, HttpConnector},
};

use super::{ObjectsError, credentials::Credentials, dial::Dial, http::Http, location::Bucket};

/// Where a bucket is whose place nobody has named.
const REGION: &str = "us-east-1";

/// Opens it, without asking it anything.
pub(super) fn open(
    bucket: Bucket,
    credentials: Credentials,
    patience: Duration,
) -> Result<Arc<dyn ObjectStore>, ObjectsError> {
    let endpoint = bucket.endpoint.as_deref().unwrap_or_default();
    let dial = Dial::new(endpoint.starts_with("http://")).map_err(ObjectsError::Bucket)?;
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(bucket.name)
        .with_region(bucket.region.unwrap_or_else(|| REGION.to_owned()))
        .with_access_key_id(credentials.id)
        .with_secret_access_key(credentials.secret)
        .with_retry(no_retries())
        .with_http_connector(Connector(Http::new(dial, patience)));
    if let Some(token) = credentials.token {
        builder = builder.with_token(token);
    }
    if let Some(endpoint) = bucket.endpoint {
        builder = builder.with_endpoint(endpoint).with_allow_http(true);
    }
    let store = builder.build().map_err(|error| ObjectsError::Bucket(error.to_string()))?;
    Ok(Arc::new(store))
}

/// Whoever asks for a piece decides how often; and what is asked again here would
/// be logged with its address.
fn no_retries() -> RetryConfig {
    RetryConfig { max_retries: 0, retry_timeout: Duration::ZERO, ..RetryConfig::default() }
}

/// Hands out the one client that there is.
#[derive(Debug)]
struct Connector(Http);

impl HttpConnector for Connector {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.0.clone()))
    }
}
