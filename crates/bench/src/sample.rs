//! How something is measured on a machine that is shared: a warm-up, several rounds in which subject and peers alternate,
//! and the median over them.

use std::time::Duration;

use anyhow::Result;
use async_trait::async_trait;

/// How long and how often; and how large the fleet is.
#[derive(Debug, Clone, clap::Args)]
pub struct Effort {
    /// Targets of the fleet
    #[arg(long, default_value_t = 10_000, value_parser = at_least_one)]
    pub targets: usize,
    /// Seconds of one sample
    #[arg(long, default_value_t = 3.0)]
    pub seconds: f64,
    /// Samples of each figure; the median counts
    #[arg(long, default_value_t = 3, value_parser = at_least_one)]
    pub rounds: usize,
    /// Subscribers of the fan-out
    #[arg(long, value_delimiter = ',', default_values_t = [10, 1_000, 5_000])]
    pub subscribers: Vec<usize>,
    /// MiB of the registry's large blob
    #[arg(long, default_value_t = 1024, value_parser = at_least_one)]
    pub blob_mib: usize,
    /// Small blobs that are pushed to the registry and pulled from it at a time
    #[arg(long, default_value_t = 1_000, value_parser = at_least_two)]
    pub small_blobs: usize,
}

fn at_least_one(text: &str) -> Result<usize, String> {
    at_least(1, text)
}

fn at_least_two(text: &str) -> Result<usize, String> {
    at_least(2, text)
}

fn at_least(least: usize, text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number) if number < least => Err(format!("use {least} or more")),
        Ok(number) => Ok(number),
        Err(error) => Err(format!("{error}; use a number, {least} or more")),
    }
}

impl Effort {
    pub fn sample(&self) -> Duration {
        Duration::from_secs_f64(self.seconds)
    }

    pub fn warm_up(&self) -> Duration {
        self.sample() / 3
    }
}

/// Something that is measured again and again.
#[async_trait]
pub trait Measure {
    /// The figure over about this time; state stays from sample to sample.
    async fn sample(&mut self, time: Duration) -> Result<f64>;
}

/// Runs all of them in turn, once to warm up and then as often as asked for; the median of each.
pub async fn alternate(effort: &Effort, measures: &mut [&mut dyn Measure]) -> Result<Vec<f64>> {
    let mut figures = vec![vec![]; measures.len()];
    for measure in measures.iter_mut() {
        measure.sample(effort.warm_up()).await?;
    }
    for _ in 0..effort.rounds {
        for (measure, figures) in measures.iter_mut().zip(&mut figures) {
            figures.push(measure.sample(effort.sample()).await?);
        }
    }
    Ok(figures.into_iter().map(median).collect())
}

pub fn median(mut figures: Vec<f64>) -> f64 {
    percentile(&mut figures, 50.0)
}

/// The nearest of the figures; NaN if there are none.
pub fn percentile(figures: &mut [f64], part: f64) -> f64 {
    figures.sort_by(f64::total_cmp);
    match figures.len() {
        0 => f64::NAN,
        count => figures[((count - 1) as f64 * part / 100.0).round() as usize],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_one_of_the_figures() {
        let mut figures: Vec<f64> = (1..=100).rev().map(f64::from).collect();
        assert_eq!(percentile(&mut figures, 0.0), 1.0);
        assert_eq!(percentile(&mut figures, 99.0), 99.0);
        assert_eq!(percentile(&mut figures, 100.0), 100.0);
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert!(percentile(&mut [], 50.0).is_nan());
    }
}
