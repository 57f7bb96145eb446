//! Pages of lists: `n` and `last`, and where the next page begins.

use actix_web::HttpRequest;

use crate::error::OciError;
use crate::query::parameter;

/// How many the client wants at most, and gets at most.
pub(super) fn limit(request: &HttpRequest, most: u32) -> Result<usize, OciError> {
    let limit = parameter(request, "n").map_or(Ok(most), |n| n.parse());
    let limit = limit.map_err(|_| OciError::PageInvalid("n must be a number that is not negative".to_owned()))?;
    Ok(limit.min(most) as usize)
}

/// From one more than the page has, the page; and the last one's key, if there are more. A page of none has no next one.
pub(super) fn cut<T>(mut items: Vec<T>, limit: usize, key: impl Fn(&T) -> String) -> (Vec<T>, Option<String>) {
    let has_next = items.len() > limit;
    items.truncate(limit);
    let last = items.last().filter(|_| has_next).map(key);
    (items, last)
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use proptest::prelude::*;

    use super::*;

    fn asked(n: &str) -> Result<usize, OciError> {
        limit(&TestRequest::with_uri(&format!("/?n={n}")).to_http_request(), 1000)
    }

    #[test]
    fn a_page_has_a_limit_whatever_is_asked_for() {
        assert_eq!(limit(&TestRequest::with_uri("/").to_http_request(), 1000).unwrap(), 1000);
        assert_eq!(asked("0").unwrap(), 0);
        assert_eq!(asked("4000000000").unwrap(), 1000);
        for bad in ["-1", "x", "", "99999999999"] {
            assert!(asked(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn pages_of_any_size_make_the_whole_list(length in 0_usize..40, size in 1_usize..12) {
            let all: Vec<usize> = (0..length).collect();
            let (mut seen, mut begin) = (vec![], Some(0));
            while let Some(at) = begin {
                let (page, next) = cut(all[at..].iter().take(size + 1).copied().collect(), size, usize::to_string);
                prop_assert!(page.len() == size || next.is_none());
                seen.extend(page);
                begin = next.map(|last| last.parse::<usize>().unwrap() + 1);
            }
            prop_assert_eq!(seen, all);
        }
    }
}
