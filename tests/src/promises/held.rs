//! Whether a test that is said to hold a promise does so.

use std::{any::type_name, collections::HashMap, fs, path::Path};

use quote::ToTokens as _;
use syn::Item;
use toolwright_core::promises::Promise;

/// A test, by its path.
#[derive(Debug, Clone, Copy)]
pub struct Held(&'static str);

/// A test that holds a promise.
pub fn held<Test: Fn()>(_: Test) -> Held {
    Held(type_name::<Test>())
}

impl Held {
    /// Holds that the test names the promise: in its own body, or in what it uses of its own file.
    ///
    /// A promise is of no use to a test but to hold an answer against it.
    ///
    /// # Panics
    /// When it does not.
    pub fn assert_holds(self, promise: Promise, package: &str) {
        let Self(path) = self;
        let mut segments: Vec<&str> = path.split("::").collect();
        let name = segments.pop().expect("the test's name");
        // The first is the test binary.
        let module = Path::new(package).join("tests").join(segments.join("/"));
        let source = [module.with_extension("rs"), module.join("mod.rs")];
        let source = source.iter().find_map(|file| fs::read_to_string(file).ok());
        let source = source.unwrap_or_else(|| panic!("no file for {path} in {package}"));
        assert!(names(&source, name, promise.row().name), "{path} does not hold {promise:?}");
    }
}

/// Whether an item names a promise, or another item of its file does that it uses.
fn names(source: &str, item: &str, promise: &str) -> bool {
    let file = syn::parse_file(source).expect("a source file");
    let words_of: HashMap<String, Vec<String>> = file.items.iter().filter_map(words).collect();
    let (mut reached, mut next) = (vec![item], 0);
    while let Some(words) = reached.get(next).map(|item| words_of.get(*item)) {
        let words = words.map_or(&[][..], Vec::as_slice);
        if words.windows(2).any(|pair| pair[0] == "Promise" && pair[1] == promise) {
            return true;
        }
        let used = words.iter().map(String::as_str).filter(|word| words_of.contains_key(*word));
        let used: Vec<&str> = used.filter(|word| !reached.contains(word)).collect();
        reached.extend(used);
        next += 1;
    }
    false
}

/// The name of an item, and the words in it.
fn words(item: &Item) -> Option<(String, Vec<String>)> {
    let name = match item {
        Item::Fn(function) => &function.sig.ident,
        Item::Const(constant) => &constant.ident,
        _ => return None,
    };
    let text = item.to_token_stream().to_string();
    let words = text.split(|character: char| !character.is_alphanumeric() && character != '_');
    Some((name.to_string(), words.filter(|word| !word.is_empty()).map(str::to_owned).collect()))
}
