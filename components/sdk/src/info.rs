//! What a provider says of itself.

use crate::ProviderInfo;

impl ProviderInfo {
    /// A provider of that name and version that lists nothing yet; the rest is added with
    /// `ProviderInfo { params, ..ProviderInfo::new("name", env!("CARGO_PKG_VERSION")) }`.
    pub fn new(name: &str, version: &str) -> Self {
        ProviderInfo {
            name: name.to_owned(),
            version: version.to_owned(),
            models: Vec::new(),
            params: Vec::new(),
            audio: None,
            video: Vec::new(),
            features: Vec::new(),
        }
    }
}
