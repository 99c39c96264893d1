//! The numbers that a server shows to whoever collects them, read by a parser of their format.

use openmetrics_parser::{
    MetricFamily, MetricNumber, MetricsExposition, OpenMetricsType, OpenMetricsValue, Sample,
    openmetrics::parse_openmetrics,
};

/// All numbers at one time.
#[derive(Debug)]
pub struct Numbers(MetricsExposition<OpenMetricsType, OpenMetricsValue>);

/// One metric, without its numbers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Family {
    /// Its name, without what the format adds to it.
    pub name: String,
    /// `counter` and so on.
    pub kind: String,
    /// What it says of itself.
    pub help: String,
    /// The names of its labels, by name.
    pub labels: Vec<String>,
}

impl Numbers {
    /// Reads the text of OpenMetrics.
    ///
    /// # Panics
    /// When it is none.
    pub fn parse(text: &str) -> Self {
        Self(parse_openmetrics(text).unwrap_or_else(|error| panic!("{error}:\n{text}")))
    }

    /// All metrics, by name.
    pub fn families(&self) -> Vec<Family> {
        let families = self.0.families.values().map(|family| Family {
            name: family.family_name.clone(),
            kind: family.family_type.to_string(),
            help: family.help.clone(),
            labels: family.get_label_names().to_vec(),
        });
        let mut families: Vec<_> = families.collect();
        families.sort();
        families
    }

    /// The sum of what a metric has with these labels among others; of a histogram, how often something was
    /// measured. Nothing is 0.
    ///
    /// # Panics
    /// When one of them is not whole.
    pub fn sum(&self, name: &str, labels: &[(&str, &str)]) -> i64 {
        let samples = self.0.families.get(name).into_iter().flat_map(MetricFamily::iter_samples);
        samples.filter(|sample| has(sample, labels)).map(|sample| value(&sample.value)).sum()
    }

    /// How many different series there are.
    pub fn series(&self) -> usize {
        self.0.families.values().map(|family| family.iter_samples().count()).sum()
    }

    /// The buckets of a histogram with these labels: their bounds, and how much was measured up to each.
    ///
    /// # Panics
    /// When there is not exactly one.
    pub fn buckets(&self, name: &str, labels: &[(&str, &str)]) -> Vec<(f64, i64)> {
        let samples = self.0.families.get(name).into_iter().flat_map(MetricFamily::iter_samples);
        let found: Vec<_> = samples.filter(|sample| has(sample, labels)).collect();
        let [Sample { value: OpenMetricsValue::Histogram(histogram), .. }] = found[..] else {
            panic!("no single histogram {name} {labels:?}")
        };
        histogram.buckets.iter().map(|bucket| (bucket.upper_bound, bucket.count.as_i64().unwrap_or(-1))).collect()
    }
}

fn has(sample: &Sample<OpenMetricsValue>, labels: &[(&str, &str)]) -> bool {
    let set = sample.get_labelset();
    labels.iter().all(|(name, value)| set.as_ref().is_ok_and(|set| set.get_label_value(name) == Some(value)))
}

fn value(value: &OpenMetricsValue) -> i64 {
    let whole = |number: &MetricNumber| number.as_i64().expect("a whole number");
    let count = |count: Option<u64>| i64::try_from(count.unwrap_or_default()).expect("no test counts that far");
    match value {
        OpenMetricsValue::Unknown(number) | OpenMetricsValue::Gauge(number) | OpenMetricsValue::StateSet(number) => {
            whole(number)
        }
        OpenMetricsValue::Counter(counter) => whole(&counter.value),
        OpenMetricsValue::Histogram(histogram) | OpenMetricsValue::GaugeHistogram(histogram) => count(histogram.count),
        OpenMetricsValue::Summary(summary) => count(summary.count),
        OpenMetricsValue::Info => 1,
    }
}
