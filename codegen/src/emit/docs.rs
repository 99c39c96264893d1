//! The documentation.
use super::File;
use crate::api::Api;
pub(super) fn files(_: &Api) -> Vec<File> {
    Vec::new()
}
