use uuid::Uuid;

use super::*;
use crate::decider::given::given;

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(second, 0).unwrap()
}

fn issue(scopes: &[TokenScope], expires_at: Option<DateTime<Utc>>) -> TokenCommand {
    let member = MemberId(Uuid::nil());
    TokenCommand::Issue {
        member,
        label: "ci".into(),
        limits: limits(scopes, &[], expires_at),
        parent: None,
        at: at(100),
    }
}

fn limits(scopes: &[TokenScope], repositories: &[&str], expires_at: Option<DateTime<Utc>>) -> TokenLimits {
    let repositories = repositories.iter().map(|pattern| pattern.parse().unwrap()).collect();
    TokenLimits { scopes: scopes.to_vec(), repositories, expires_at }
}

fn child_of(own: TokenLimits, asked: TokenLimits) -> TokenCommand {
    let parent = Parent { id: TokenId(Uuid::from_u128(7)), depth: 0, limits: own };
    let member = MemberId(Uuid::nil());
    TokenCommand::Issue { member, label: "ci".into(), limits: asked, parent: Some(parent), at: at(100) }
}

fn issued(scopes: &[TokenScope], repositories: &[&str], expires_at: Option<i64>, parent: Option<u128>) -> TokenEvent {
    let TokenLimits { scopes, repositories, expires_at } = limits(scopes, repositories, expires_at.map(at));
    let (member, label) = (MemberId(Uuid::nil()), "ci".to_owned());
    let parent = parent.map(|id| TokenId(Uuid::from_u128(id)));
    TokenIssued { member, label, scopes, repositories, expires_at, parent }
}

#[test]
fn a_child_has_no_scope_that_its_parent_has_not() {
    use TokenScope::*;
    given::<Token>([])
        .when(child_of(limits(&[Read, Admin], &[], None), limits(&[Read, Write], &[], None)))
        .then_rejected(TokenRejection::ExceedsScopes { label: "ci".into(), scope: Write });
    given::<Token>([])
        .when(child_of(limits(&[Read, Admin], &[], None), limits(&[Read], &["a/*"], None)))
        .then([issued(&[Read], &["a/*"], None, Some(7))]);
}

#[test]
fn a_child_is_for_repositories_of_its_parent_alone() {
    use TokenScope::*;
    let own = || limits(&[Pull], &["team/*", "tool"], None);
    let refused = || TokenRejection::ExceedsRepositories { label: "ci".into(), allowed: "team/*, tool".into() };
    for patterns in [&[][..], &["*"], &["team/a", "other"], &["te*"], &["tool*"]] {
        given::<Token>([]).when(child_of(own(), limits(&[Pull], patterns, None))).then_rejected(refused());
    }
    for patterns in [&["team/*"][..], &["team/a*", "tool"], &["team/*/b"]] {
        let fitting = child_of(own(), limits(&[Pull], patterns, None));
        given::<Token>([]).when(fitting).then([issued(&[Pull], patterns, None, Some(7))]);
    }
}

#[test]
fn a_child_ends_with_its_parent_at_the_latest() {
    use TokenScope::*;
    let (own, read) = (|| limits(&[Read], &[], Some(at(200))), |end| limits(&[Read], &[], end));
    given::<Token>([]).when(child_of(own(), read(None))).then([issued(&[Read], &[], Some(200), Some(7))]);
    given::<Token>([]).when(child_of(own(), read(Some(at(150))))).then([issued(&[Read], &[], Some(150), Some(7))]);
    given::<Token>([])
        .when(child_of(own(), read(Some(at(201)))))
        .then_rejected(TokenRejection::Outlives { label: "ci".into(), ends_at: at(200) });
}

#[test]
fn no_chain_of_children_is_endless() {
    let parent = Parent { id: TokenId(Uuid::nil()), depth: MAX_DEPTH, limits: limits(&[TokenScope::Read], &[], None) };
    let TokenCommand::Issue { member, label, limits, at, .. } = issue(&[TokenScope::Read], None) else { panic!() };
    given::<Token>([])
        .when(TokenCommand::Issue { member, label, limits, parent: Some(parent), at })
        .then_rejected(TokenRejection::TooDeep { label: "ci".into() });
}

#[test]
fn admin_is_not_for_some_repositories_only() {
    let member = MemberId(Uuid::nil());
    let limits = limits(&[TokenScope::Admin], &["a/*"], None);
    given::<Token>([])
        .when(TokenCommand::Issue { member, label: "ci".into(), limits, parent: None, at: at(100) })
        .then_rejected(TokenRejection::AdminOfRepositories { label: "ci".into() });
}

#[test]
fn a_token_without_scope_is_refused() {
    given::<Token>([]).when(issue(&[], None)).then_rejected(TokenRejection::NoScope { label: "ci".into() });
}

#[test]
fn a_token_that_is_born_expired_is_refused() {
    given::<Token>([])
        .when(issue(&[TokenScope::Pull], Some(at(100))))
        .then_rejected(TokenRejection::ExpiryPassed { label: "ci".into(), expires_at: at(100) });
}

#[test]
fn a_replaced_token_ends_with_the_overlap_or_sooner() {
    let issued = |expires_at| issued(&[TokenScope::Pull], &[], expires_at, None);
    let replace = |until, now| TokenCommand::Replace { by: TokenId(Uuid::nil()), until: at(until), at: at(now) };
    let replaced = |until| TokenReplaced { by: TokenId(Uuid::nil()), until: at(until) };
    given::<Token>([issued(None)]).when(replace(200, 100)).then([replaced(200)]);
    given::<Token>([issued(None), replaced(200)]).when(replace(300, 200)).then_rejected(TokenRejection::Dead);
    given::<Token>([issued(Some(150)), replaced(200)]).when(replace(300, 150)).then_rejected(TokenRejection::Dead);
    given::<Token>([issued(None), TokenRevoked {}]).when(replace(200, 100)).then_rejected(TokenRejection::Dead);
    given::<Token>([]).when(replace(200, 100)).then_rejected(TokenRejection::NotFound);
}

#[test]
fn revoking_twice_revokes_once() {
    let issued = issued(&[TokenScope::Pull], &[], None, None);
    given::<Token>([issued.clone()]).when(TokenCommand::Revoke).then([TokenRevoked {}]);
    given::<Token>([issued, TokenRevoked {}]).when(TokenCommand::Revoke).then_nothing();
}
