//! Key packages: each one-time package is handed out once, then the last-resort one.

use sealpost_wire::{
    api::directory::{KeyPackageCount, KeyPackages},
    id::UserId,
    limits,
};

use super::{State, account::Account};
use crate::store::{Addressee, Delivered, Hash, PackagesAdded, Taken};

impl State {
    pub fn add_key_packages(
        &mut self,
        id: UserId,
        packages: Vec<KeyPackages>,
        batch: Hash,
        replace: bool,
    ) -> PackagesAdded {
        let Some(account) = self.accounts.get_mut(&id) else { return PackagesAdded::Added };
        if account.last_batch == Some(batch) {
            return PackagesAdded::Added;
        }
        for suite in &packages {
            let standing = if replace { 0 } else { account.one_time(suite.suite) };
            if standing + suite.one_time.len() > limits::KEY_PACKAGES {
                return PackagesAdded::TooMany;
            }
        }
        if replace {
            account.packages.clear();
        }
        account.add_packages(packages);
        account.last_batch = Some(batch);
        PackagesAdded::Added
    }

    pub fn key_package_counts(&self, id: UserId) -> Vec<KeyPackageCount> {
        let Some(account) = self.accounts.get(&id) else { return Vec::new() };
        let count = |suite: &u16| KeyPackageCount { suite: *suite, one_time: account.one_time(*suite) as u32 };
        account.entry().suites.iter().map(count).collect()
    }

    pub fn take_key_package(&mut self, asked: &Addressee, suites: &[u16], now: u64) -> Taken {
        match self.admit(asked, now) {
            Delivered::Stored => {}
            refused => return Taken::Refused(refused),
        }
        let Some(account) = self.accounts.get_mut(&asked.id) else { return Taken::Nothing };
        for suite in suites {
            let Some(packages) = account.packages.get_mut(suite) else { continue };
            let one_time = packages.one_time.pop_front();
            let last_resort = one_time.is_none();
            let Some(package) = one_time.or_else(|| packages.last_resort.clone()) else { continue };
            let left = packages.one_time.len() as u32;
            return Taken::Package { entry: account.entry().clone(), suite: *suite, package, last_resort, left };
        }
        Taken::Nothing
    }
}

impl Account {
    pub fn add_packages(&mut self, packages: Vec<KeyPackages>) {
        for new in packages {
            let known = self.packages.entry(new.suite).or_default();
            known.one_time.extend(new.one_time);
            if !new.last_resort.is_empty() {
                known.last_resort = Some(new.last_resort);
            }
        }
    }

    fn one_time(&self, suite: u16) -> usize {
        self.packages.get(&suite).map_or(0, |packages| packages.one_time.len())
    }
}
