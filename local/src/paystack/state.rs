//! Everything that the simulator knows: in memory for reading, in one SQLite file for lasting.
//!
//! A change is made under one lock and written in one transaction before it is answered, so what was answered
//! survives `kill -9`. Deliberately absent: queries. What is looked up often has an index in memory.

use std::collections::{BTreeSet, HashMap};
use std::io;
use std::path::Path;

use adapters::random::Random;
use jiff::Timestamp;
use rusqlite::Connection;

use super::agenda::{Agenda, Task};
use super::books::{Books, Entry};
use super::dispute::Dispute;
use super::fault::Planned;
use super::integration::Integration;
use super::limit::Windows;
use super::recipient::Recipient;
use super::refund::Refund;
use super::settlement::Settlement;
use super::shelf::{Record, Shelf};
use super::transaction::{Customer, Transaction};
use super::transfer::Transfer;
use super::webhook::Delivery;

const SCHEMA: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
    CREATE TABLE IF NOT EXISTS records
    (kind TEXT NOT NULL, id INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (kind, id)) WITHOUT ROWID";
/// Random characters of a code.
const CODE_CHARS: usize = 15;
const LETTERS: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";

/// Everything.
pub(super) struct State {
    db: Connection,
    /// The instant of the change under way.
    pub(super) now: Timestamp,
    pub(super) random: Random,
    /// Where people reach the checkout page.
    pub(super) base_url: String,
    pub(super) integrations: Shelf<Integration>,
    pub(super) customers: Shelf<Customer>,
    pub(super) transactions: Shelf<Transaction>,
    pub(super) refunds: Shelf<Refund>,
    pub(super) recipients: Shelf<Recipient>,
    pub(super) transfers: Shelf<Transfer>,
    pub(super) disputes: Shelf<Dispute>,
    pub(super) settlements: Shelf<Settlement>,
    pub(super) deliveries: Shelf<Delivery>,
    pub(super) entries: Shelf<Entry>,
    pub(super) faults: Shelf<Planned>,
    pub(super) books: Books,
    pub(super) agenda: Agenda,
    pub(super) index: Index,
    pub(super) windows: Windows,
}

/// What is found by something else than its number.
#[derive(Debug, Default)]
pub(super) struct Index {
    pub(super) charges: HashMap<(u64, String), u64>,
    pub(super) access_codes: HashMap<String, u64>,
    pub(super) customers: HashMap<(u64, String), u64>,
    pub(super) transfers: HashMap<(u64, String), u64>,
    /// By bank and account number.
    pub(super) accounts: HashMap<(u64, String, String), u64>,
    /// Events that wait for a later one to go first.
    pub(super) behind: BTreeSet<u64>,
}

impl State {
    /// Opens the file, and makes it when it is not there.
    pub(super) fn open(file: &Path, random: Random) -> io::Result<Self> {
        for_owner_only(file)?;
        let mut state = Self::load(file, random).map_err(io::Error::other)?;
        state.remember();
        Ok(state)
    }

    fn load(file: &Path, random: Random) -> rusqlite::Result<Self> {
        let db = Connection::open(file)?;
        db.execute_batch(SCHEMA)?;
        let entries: Shelf<Entry> = Shelf::load(&db)?;
        Ok(Self {
            now: Timestamp::UNIX_EPOCH,
            random,
            base_url: String::new(),
            integrations: Shelf::load(&db)?,
            customers: Shelf::load(&db)?,
            transactions: Shelf::load(&db)?,
            refunds: Shelf::load(&db)?,
            recipients: Shelf::load(&db)?,
            transfers: Shelf::load(&db)?,
            disputes: Shelf::load(&db)?,
            settlements: Shelf::load(&db)?,
            deliveries: Shelf::load(&db)?,
            faults: Shelf::load(&db)?,
            books: Books::of(entries.all()),
            entries,
            agenda: Agenda::default(),
            index: Index::default(),
            windows: Windows::default(),
            db,
        })
    }

    /// Makes the indices and the agenda anew.
    fn remember(&mut self) {
        let index = &mut self.index;
        for charge in self.transactions.all() {
            index.charges.insert((charge.integration, charge.reference.clone()), charge.id);
            index.access_codes.insert(charge.access_code.clone(), charge.id);
        }
        for customer in self.customers.all() {
            index.customers.insert((customer.integration, customer.email.clone()), customer.id);
        }
        for transfer in self.transfers.all() {
            index.transfers.insert((transfer.integration, transfer.reference.clone()), transfer.id);
        }
        for recipient in self.recipients.all() {
            index.accounts.insert(recipient.account(), recipient.id);
        }
        index.behind = self.deliveries.all().filter(|d| d.behind).map(|d| d.id).collect();
        let refunds = self.refunds.all().map(|r| (Task::Refund(r.id), r.due_at));
        let disputes = self.disputes.all().map(|d| (Task::Dispute(d.id), d.ends_at()));
        let deliveries = self.deliveries.all().map(|d| (Task::Delivery(d.id), d.due_at));
        let transfers = self.transfers.all().flat_map(|transfer| {
            let asks = (Task::Approval(transfer.id), transfer.ask_at);
            [(Task::Transfer(transfer.id), transfer.due_at), asks]
        });
        for (task, at) in refunds.chain(disputes).chain(deliveries).chain(transfers) {
            self.agenda.set(task, at);
        }
    }

    /// Writes what has changed, all or nothing.
    pub(super) fn commit(&mut self) -> rusqlite::Result<()> {
        if !self.is_changed() {
            return Ok(());
        }
        let transaction = self.db.transaction()?;
        self.integrations.write(&transaction)?;
        self.customers.write(&transaction)?;
        self.transactions.write(&transaction)?;
        self.refunds.write(&transaction)?;
        self.recipients.write(&transaction)?;
        self.transfers.write(&transaction)?;
        self.disputes.write(&transaction)?;
        self.settlements.write(&transaction)?;
        self.deliveries.write(&transaction)?;
        self.entries.write(&transaction)?;
        self.faults.write(&transaction)?;
        transaction.commit()?;
        self.written();
        Ok(())
    }

    fn is_changed(&self) -> bool {
        self.integrations.is_changed()
            || self.customers.is_changed()
            || self.transactions.is_changed()
            || self.refunds.is_changed()
            || self.recipients.is_changed()
            || self.transfers.is_changed()
            || self.disputes.is_changed()
            || self.settlements.is_changed()
            || self.deliveries.is_changed()
            || self.entries.is_changed()
            || self.faults.is_changed()
    }

    fn written(&mut self) {
        self.integrations.written();
        self.customers.written();
        self.transactions.written();
        self.refunds.written();
        self.recipients.written();
        self.transfers.written();
        self.disputes.written();
        self.settlements.written();
        self.deliveries.written();
        self.entries.written();
        self.faults.written();
    }

    /// A code that nobody guesses, as `TRF_1ptvuv321ahaa7q`.
    pub(super) fn code(&self, prefix: &str) -> String {
        let bytes: [u8; CODE_CHARS] = self.random.bytes();
        let letter = |byte: &u8| char::from(LETTERS[usize::from(*byte) % LETTERS.len()]);
        prefix.chars().chain(bytes.iter().map(letter)).collect()
    }

    /// The merchant with this key.
    pub(super) fn with_key(&self, secret_key: &str) -> Option<&Integration> {
        self.integrations.all().find(|integration| integration.secret_key == secret_key)
    }
}

/// The file holds keys, so only its owner reads it.
fn for_owner_only(file: &Path) -> io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file).map(drop)
}

/// An instant as Paystack writes it.
pub(super) fn iso(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// Whether a record belongs to a merchant; the number of another's is as unknown as none.
pub(super) fn own<T: Record>(shelf: &Shelf<T>, id: u64, owner: impl Fn(&T) -> bool) -> Option<&T> {
    shelf.get(id).filter(|record| owner(record))
}
