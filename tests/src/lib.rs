//! The harness that the tests of every toolwright package share.
