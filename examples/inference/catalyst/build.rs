//! A new migration must count as a change of the crate that embeds it.

fn main() {
    println!("cargo::rerun-if-changed=migrations");
}
