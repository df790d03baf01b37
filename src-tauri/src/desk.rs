//! What the app holds: the host once it stands, looks, the clipboard, what limits reveals.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError, Weak},
    time::Duration,
};

use keyward_api::{
    host::Host,
    server::Server,
    wire::{Code, Error},
};
use keyward_engine::{
    Engine,
    access::Caller,
    home::Home,
    lifecycle,
    ports::{Clock, SystemClock},
    settings,
};
use keyward_model::{SecretValue, name::VaultName, settings::Settings};

use crate::{
    appearance::{Looks, Theme},
    clipboard::{Clipboard, Copied},
    profile::Profile,
    reveals::Reveals,
    roster::ChosenRoster,
    value_file::Chosen,
};

/// A command waits this long for the host before it says what it waits for.
const PATIENCE: Duration = Duration::from_secs(1);

/// Cheap to clone; one in the whole app.
#[derive(Clone)]
pub struct Desk(Arc<Inner>);

struct Inner {
    home: Home,
    runtime: Option<PathBuf>,
    vault: Mutex<VaultName>,
    /// The file that the person chose last to restore from.
    backup: Mutex<Option<PathBuf>>,
    followed: Mutex<Vec<Weak<Engine>>>,
    standing: Mutex<Standing>,
    changed: Condvar,
    looks: Mutex<Looks>,
    clipboard: OnceLock<Clipboard>,
    reveals: Mutex<Reveals>,
    chosen: Mutex<Chosen>,
    profile: Mutex<Option<Profile>>,
    clock: SystemClock,
    tray: OnceLock<()>,
    /// The file to import, from the dialog until it was read and dealt with.
    import: Mutex<Option<PathBuf>>,
    rosters: Mutex<ChosenRoster>,
}

enum Standing {
    /// Not the host yet, and why.
    Waiting(Error),
    Host {
        host: Arc<Host>,
        /// Its socket, once it is open.
        door: Option<Server>,
    },
    Over,
}

impl Desk {
    /// A desk whose host does not stand yet.
    ///
    /// # Errors
    /// `corrupt` when the runtime folder is not ours alone.
    pub fn new(home: Home, runtime: Option<PathBuf>) -> Result<Self, Error> {
        let profile = Profile::make(&home, runtime.as_deref())?;
        let looks = Looks::read(&home);
        let waiting = Error::new(Code::Conflict, "Keyward is starting.", "");
        let desk = Self(Arc::new(Inner {
            home,
            runtime,
            vault: Mutex::default(),
            backup: Mutex::default(),
            followed: Mutex::default(),
            standing: Mutex::new(Standing::Waiting(waiting)),
            changed: Condvar::new(),
            looks: Mutex::new(looks),
            clipboard: OnceLock::new(),
            reveals: Mutex::default(),
            chosen: Mutex::default(),
            profile: Mutex::new(Some(profile)),
            clock: SystemClock,
            tray: OnceLock::new(),
            import: Mutex::default(),
            rosters: Mutex::default(),
        }));
        *hold(&desk.0.vault) = desk.last_vault();
        Ok(desk)
    }

    /// KEYWARD_HOME.
    pub fn home(&self) -> &Home {
        &self.0.home
    }

    /// XDG_RUNTIME_DIR.
    pub fn runtime(&self) -> Option<&Path> {
        self.0.runtime.as_deref()
    }

    /// The Engine of the vault that the window shows.
    ///
    /// # Errors
    /// `conflict` while another host has not stepped aside; says which.
    pub fn engine(&self) -> Result<Arc<Engine>, Error> {
        Ok(self.host()?.engine(&self.vault())?)
    }

    /// The host of this home.
    ///
    /// # Errors
    /// As [`Desk::engine`].
    pub fn host(&self) -> Result<Arc<Host>, Error> {
        let waiting = |standing: &mut Standing| matches!(standing, Standing::Waiting(_));
        let (standing, _) = self
            .0
            .changed
            .wait_timeout_while(hold(&self.0.standing), PATIENCE, waiting)
            .unwrap_or_else(PoisonError::into_inner);
        match &*standing {
            Standing::Waiting(why) => Err(why.clone()),
            Standing::Host { host, .. } => Ok(Arc::clone(host)),
            Standing::Over => Err(Error::new(Code::Locked, "Keyward is closing.", "")),
        }
    }

    /// Remembers the file that the person chose to import, or forgets it.
    pub fn import_from(&self, path: Option<PathBuf>) {
        *hold(&self.0.import) = path;
    }

    /// The file that the person chose to import.
    pub fn import(&self) -> Option<PathBuf> {
        hold(&self.0.import).clone()
    }

    /// The roster that the person chose to import.
    pub fn rosters(&self) -> MutexGuard<'_, ChosenRoster> {
        hold(&self.0.rosters)
    }

    /// The vault that the window shows.
    pub fn vault(&self) -> VaultName {
        hold(&self.0.vault).clone()
    }

    /// Shows another vault from now on, and at the next start.
    pub fn select(&self, name: VaultName) {
        *hold(&self.0.vault) = name.clone();
        if self.home().vault_exists(&name) {
            // Looks that cannot be kept are no reason to stay where one is.
            let _ = self.change_looks(|looks| looks.last_vault = Some(name.to_string()));
        }
    }

    /// A vault that there is, `default` before others; `default` where there is none.
    pub fn any_vault(&self) -> VaultName {
        let default = VaultName::default();
        if self.home().vault_exists(&default) {
            return default;
        }
        let names = self.home().vault_names().unwrap_or_default();
        names.into_iter().next().unwrap_or(default)
    }

    /// The vault to begin with: the one that was shown last, while there is one.
    fn last_vault(&self) -> VaultName {
        let last = self.looks().last_vault.clone();
        last.and_then(|name| VaultName::parse(&name).ok())
            .filter(|name| self.home().vault_exists(name))
            .unwrap_or_else(|| self.any_vault())
    }

    /// Whether this Engine's Changes are to be followed from now on; `false` when they are already.
    pub fn begin_to_follow(&self, engine: &Arc<Engine>) -> bool {
        let mut followed = hold(&self.0.followed);
        followed.retain(|known| known.strong_count() > 0);
        let is_new = !followed
            .iter()
            .any(|known| std::ptr::eq(known.as_ptr(), Arc::as_ptr(engine)));
        if is_new {
            followed.push(Arc::downgrade(engine));
        }
        is_new
    }

    /// Remembers the file that was chosen, or that none was.
    pub fn choose_backup(&self, file: Option<PathBuf>) {
        *hold(&self.0.backup) = file;
    }

    /// The file to restore from that was chosen last.
    pub fn chosen_backup(&self) -> Option<PathBuf> {
        hold(&self.0.backup).clone()
    }

    /// Says what the app waits for.
    pub fn wait_for(&self, why: Error) {
        if let Standing::Waiting(known) = &mut *hold(&self.0.standing) {
            *known = why;
        }
    }

    /// The host stands; one that comes after the end is stopped at once.
    pub fn stands(&self, host: Arc<Host>) {
        let mut standing = hold(&self.0.standing);
        if matches!(*standing, Standing::Over) {
            drop(standing);
            host.stop();
            return;
        }
        *standing = Standing::Host { host, door: None };
        self.0.changed.notify_all();
    }

    /// The host's socket is open; one that opens after the end is closed at once.
    pub fn opens(&self, opened: Server) {
        if let Standing::Host { door, .. } = &mut *hold(&self.0.standing) {
            *door = Some(opened);
        }
    }

    /// Whether [`Desk::end`] was called.
    pub fn is_over(&self) -> bool {
        matches!(*hold(&self.0.standing), Standing::Over)
    }

    /// Ends: clipboard, socket, background work (a running refresh is stored first), keys, the webview's folder.
    pub fn end(&self) {
        if let Some(clipboard) = self.0.clipboard.get() {
            clipboard.end();
        }
        let standing = std::mem::replace(&mut *hold(&self.0.standing), Standing::Over);
        if let Standing::Host { host, door } = standing {
            drop(door);
            host.stop();
        }
        *hold(&self.0.profile) = None;
    }

    /// The folder the webview writes into.
    pub fn profile(&self) -> Option<PathBuf> {
        hold(&self.0.profile)
            .as_ref()
            .map(|profile| profile.path().to_owned())
    }

    /// How things look.
    pub fn looks(&self) -> MutexGuard<'_, Looks> {
        hold(&self.0.looks)
    }

    /// Changes how things look, and keeps it.
    ///
    /// # Errors
    /// When `config.toml` cannot be written; the change holds for this run.
    pub fn change_looks(&self, change: impl FnOnce(&mut Looks)) -> Result<(), Error> {
        let mut looks = hold(&self.0.looks);
        let before = looks.clone();
        change(&mut looks);
        if *looks == before {
            Ok(())
        } else {
            looks.write(&self.0.home)
        }
    }

    /// The chosen theme.
    pub fn theme(&self) -> Theme {
        hold(&self.0.looks).theme
    }

    /// The clipboard.
    ///
    /// # Errors
    /// `internal` before [`Desk::set_clipboard`].
    pub fn clipboard(&self) -> Result<&Clipboard, Error> {
        self.0
            .clipboard
            .get()
            .ok_or_else(|| Error::new(Code::Internal, "The clipboard cannot be used.", ""))
    }

    /// Sets the clipboard, once.
    pub fn set_clipboard(&self, clipboard: Clipboard) {
        let _ = self.0.clipboard.set(clipboard);
    }

    /// Copies a value for as long as the settings of its vault say; a recovery key may be copied before that opens.
    ///
    /// # Errors
    /// `usage` for a value that is no text; as [`Desk::clipboard`].
    pub fn copy_secret(&self, engine: &Engine, value: SecretValue) -> Result<Copied, Error> {
        let seconds = settings::read(engine)
            .unwrap_or(Settings::PASSPHRASE)
            .clipboard_seconds;
        self.clipboard()?.copy_secret(value, seconds)?;
        Ok(Copied { seconds })
    }

    /// Counts a reveal, or refuses it (W-08).
    ///
    /// # Errors
    /// `denied`.
    pub fn admit_reveal(&self) -> Result<(), Error> {
        hold(&self.0.reveals).admit(self.0.clock.monotonic())
    }

    /// The value of the file that was chosen last.
    pub fn chosen(&self) -> MutexGuard<'_, Chosen> {
        hold(&self.0.chosen)
    }

    /// Keeps nothing that was chosen or read of a file: the vault is locked (W-09).
    pub fn forget_chosen(&self) {
        self.chosen().clear();
        self.rosters().clear();
    }

    /// The same, where the vault was locked while a dialog was open or a file was read: that lock forgot too early.
    ///
    /// # Errors
    /// As [`Desk::engine`].
    pub fn forget_chosen_if_locked(&self) -> Result<(), Error> {
        if lifecycle::status(&*self.engine()?)?.locked {
            self.forget_chosen();
        }
        Ok(())
    }

    /// Whether there is a tray, so that closing the window keeps the host.
    pub fn has_tray(&self) -> bool {
        self.0.tray.get().is_some()
    }

    /// There is a tray.
    pub fn set_tray(&self) {
        let _ = self.0.tray.set(());
    }
}

/// Who acts through the window.
pub fn caller() -> Caller {
    Caller::owner("window")
}

fn hold<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
