//! Middle and tail of measured figures.

/// The one in the middle.
pub fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The one that 95 of 100 don't exceed.
pub fn p95(figures: &[f64]) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() * 95 / 100).or(sorted.last()).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_and_the_tail() {
        let figures: Vec<f64> = (0..100).rev().map(f64::from).collect();
        assert_eq!(p95(&figures), 95.0);
        assert_eq!(median(figures), 50.0);
        assert!(median(Vec::new()).is_nan() && p95(&[]).is_nan());
    }
}
