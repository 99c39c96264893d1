//! The classifier, on texts that are made up and texts that are hostile.

use std::ops::ControlFlow;

use super::*;

/// What customers ask, and what about: four intents, of which one is the most frequent.
fn questions() -> Vec<Example> {
    let places = ["my account", "the app", "your website", "the shop", "my phone", "the new version"];
    let things = ["headphones", "a lamp", "two chairs", "the blue jacket", "a keyboard", "running shoes"];
    let mut examples = Vec::new();
    let mut add = |label: &str, text: String| examples.push(Example { text, label: label.to_owned() });
    for thing in things {
        for text in [
            format!("Where is my order of {thing}?"),
            format!("When will {thing} arrive, please?"),
            format!("The parcel with {thing} has not been delivered yet"),
            format!("Can you track the shipment of {thing} for me?"),
            format!("How long does delivery of {thing} take?"),
        ] {
            add("delivery", text);
        }
        for text in [
            format!("I want my money back for {thing}"),
            format!("How do I get a refund for {thing}?"),
            format!("I returned {thing} and wait for the refund"),
            format!("Please refund {thing}, I was charged twice"),
        ] {
            add("refund", text);
        }
    }
    for place in places {
        for text in [
            format!("I cannot sign in to {place}"),
            format!("I forgot the password for {place}"),
            format!("How do I reset my password in {place}?"),
            format!("My login is refused by {place}"),
        ] {
            add("sign_in", text);
        }
        for text in [
            format!("{place} crashes when I open the cart"),
            format!("There is an error message in {place}"),
            format!("{place} is very slow and freezes"),
        ] {
            add("fault", text);
        }
    }
    examples
}

fn settings() -> Settings {
    Settings { epochs: 10, validation_share: 0.2, seed: 7 }
}

/// Trains to the end, and says what was measured on the way.
fn trained(examples: &[Example], settings: &Settings) -> (Trained, Vec<Epoch>) {
    let mut epochs = Vec::new();
    let trained = train(examples, settings, |epoch| {
        epochs.push(epoch);
        ControlFlow::Continue(())
    });
    (trained.unwrap().expect("nobody broke it off"), epochs)
}

fn examples(items: impl IntoIterator<Item = (String, &'static str)>) -> Vec<Example> {
    items.into_iter().map(|(text, label)| Example { text, label: label.to_owned() }).collect()
}

#[test]
fn it_learns_what_questions_are_about() {
    let (Trained { classifier, metrics }, epochs) = trained(&questions(), &settings());
    assert_eq!((metrics.training_items, metrics.validation_items, metrics.labels), (76, 20, 4), "{metrics:?}");
    assert!(metrics.baseline_accuracy < 0.4 && metrics.accuracy > 0.9, "{metrics:?}");
    assert!(metrics.macro_f1 > 0.9 && metrics.loss < 0.5, "{metrics:?}");
    let numbers: Vec<u32> = epochs.iter().map(|epoch| epoch.epoch).collect();
    assert_eq!(numbers, (1..=10).collect::<Vec<_>>());
    let (first, last) = (&epochs[0], &epochs[9]);
    assert!(last.training_loss < first.training_loss && last.validation_loss < first.validation_loss, "{epochs:?}");
    assert_eq!((last.validation_loss, last.validation_accuracy), (metrics.loss, metrics.accuracy));
    for (text, label) in [
        ("has the parcel with my lamp been shipped", "delivery"),
        ("REFUND my money!!!", "refund"),
        ("what is my passwrod, I forgot it", "sign_in"),
        ("the app crashes", "fault"),
    ] {
        let prediction = classifier.predict(text);
        assert_eq!(prediction.label, label, "{text}: {prediction:?}");
        assert!(prediction.probability > 0.25 && prediction.probability <= 1.0, "{prediction:?}");
    }
}

#[test]
fn the_same_seed_gives_the_same_model_and_another_seed_another() {
    let (first, epochs) = trained(&questions(), &settings());
    assert_eq!((first.clone(), epochs), trained(&questions(), &settings()));
    assert_ne!(first.classifier, trained(&questions(), &Settings { seed: 8, ..settings() }).0.classifier);
}

#[test]
fn a_model_is_the_same_when_it_was_stored() {
    let (Trained { classifier, .. }, _) = trained(&questions(), &Settings { epochs: 3, ..settings() });
    let stored = serde_json::to_vec(&classifier).unwrap();
    assert_eq!(serde_json::from_slice::<Classifier>(&stored).unwrap(), classifier);
}

#[test]
fn it_can_be_broken_off_after_each_pass() {
    let mut epochs = 0;
    let outcome = train(&questions(), &settings(), |_| {
        epochs += 1;
        if epochs == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert_eq!((outcome, epochs), (Ok(None), 2));
}

#[test]
fn what_cannot_be_trained_on_is_told() {
    let many = |items: usize, labels: usize| (0..items).map(move |item| (format!("text {item}"), item % labels));
    let numbered = |items: usize, labels: usize| -> Vec<Example> {
        many(items, labels).map(|(text, label)| Example { text, label: format!("label {label}") }).collect()
    };
    for (examples, error) in [
        (Vec::new(), Untrainable::TooFew(0)),
        (numbered(9, 2), Untrainable::TooFew(9)),
        (numbered(50, 1), Untrainable::OneLabel),
        (numbered(500, 500), Untrainable::NothingRepeated),
        (numbered(500, 101), Untrainable::TooManyLabels { labels: 101, examples: 500 }),
    ] {
        assert_eq!(train(&examples, &settings(), |_| panic!("it trains: {error}")), Err(error));
    }
}

#[test]
fn whatever_the_texts_are_it_ends_with_numbers() {
    let long = "lorem ipsum ".repeat(20_000);
    let alternately =
        |text: &str, items: usize| examples((0..items).map(|item| (text.to_owned(), ["a", "b"][item % 2])));
    let cases = [
        ("empty", alternately("", 20)),
        ("identical", alternately("the same", 20)),
        ("without words", alternately("\u{0} … 👍🏽 \u{202e}", 20)),
        ("long", alternately(&long, 10)),
        ("one of its kind", [alternately("x", 10), examples([("y".to_owned(), "c")])].concat()),
    ];
    for (case, examples) in cases {
        let (Trained { classifier, metrics }, epochs) = trained(&examples, &Settings { epochs: 3, ..settings() });
        assert!(
            epochs.iter().all(|epoch| epoch.training_loss.is_finite() && epoch.validation_loss.is_finite()),
            "{case}"
        );
        assert!((0.0..=1.0).contains(&metrics.macro_f1), "{case}: {metrics:?}");
        for text in ["", "the same", "never seen", &long] {
            assert!(classifier.predict(text).probability.is_finite(), "{case}: {text:.20}");
        }
    }
}

#[test]
fn it_learns_in_every_script() {
    let scripts = [
        ("ไทย", ["ฉันต้องการเงินคืน", "พัสดุของฉันอยู่ที่ไหน"]),
        ("中文", ["我要退款请退钱", "我的包裹在哪里"]),
        ("العربية", ["أريد استرداد المال", "أين طلبي الآن"]),
        ("emoji", ["💸💸💰 🔙", "📦🚚❓"]),
    ];
    for (script, [refund, delivery]) in scripts {
        let texts =
            (0..20).map(|item| (format!("{} {item}", [refund, delivery][item % 2]), ["refund", "delivery"][item % 2]));
        let (Trained { classifier, metrics }, _) = trained(&examples(texts), &settings());
        assert!((metrics.accuracy - 1.0).abs() < f64::EPSILON, "{script}: {metrics:?}");
        assert_eq!((classifier.predict(refund).label, classifier.predict(delivery).label), ("refund", "delivery"));
    }
}

#[test]
fn ten_thousand_items_are_learned() {
    let items = (0..10_000).map(|item| (format!("item {item} {}", item % 7), ["even", "odd"][item % 7 % 2]));
    let (Trained { metrics, .. }, _) = trained(&examples(items), &Settings { epochs: 1, ..settings() });
    assert_eq!(metrics.training_items + metrics.validation_items, 10_000);
    assert!(metrics.accuracy > 0.95, "{metrics:?}");
}
