//! The table of roles in `docs/access.md` is the one that the guards use.

use std::fs;
use std::path::Path;

use distr_domain::ids::CustomerId;
use distr_domain::permission::{CustomerRole, Membership, Permission, VendorRole};
use uuid::Uuid;

#[test]
fn the_documented_table_of_roles_is_true() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/access.md");
    let page = fs::read_to_string(page).unwrap();
    let mut rows = page.lines().skip_while(|line| !line.starts_with("| may |"));
    let head = rows.next().expect("the table");
    assert_eq!(head, "| may | owner | publisher | support | auditor | customer's admin | customer's viewer |");
    let rows: Vec<&str> = rows.skip(1).take_while(|line| line.starts_with('|')).collect();
    assert_eq!(rows.len(), Permission::ALL.len(), "one row for each permission, in their order");
    let vendor = [VendorRole::Owner, VendorRole::Publisher, VendorRole::Support, VendorRole::Auditor];
    let customer = CustomerId(Uuid::nil());
    let customers = [CustomerRole::Admin, CustomerRole::Viewer].map(|role| Membership::Customer { customer, role });
    let roles: Vec<Membership> = vendor.map(|role| Membership::Vendor { role }).into_iter().chain(customers).collect();
    for (row, permission) in rows.into_iter().zip(Permission::ALL) {
        let cells: Vec<&str> = row.split('|').map(str::trim).skip(2).take(roles.len()).collect();
        let may = roles.iter().map(|role| if role.may(permission) { "yes" } else { "" });
        assert_eq!(cells, may.collect::<Vec<_>>(), "{permission:?}: {row}");
    }
}
