//! The full-screen chat: conversations at the left, messages at the right, everything by keyboard.
//!
//! `model` is what is known, `update` what an event makes of it, `view` how it looks; all three are pure. `perform`
//! does with the account what `update` asks for, `tty` holds the terminal.

mod areas;
mod ascii;
mod editor;
mod find;
mod layout;
pub mod model;
mod palette;
mod perform;
#[cfg(test)]
mod rehearsal;
mod tty;
mod update;
mod view;

use std::{
    collections::VecDeque,
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{self, Receiver, RecvTimeoutError, Sender},
    },
    time::{Duration, SystemTime},
};

use ratatui::crossterm::event;
use sealpost_client::Account;

use self::{
    model::{Effect, Look, Model},
    perform::Performer,
    tty::Tty,
    update::{Event, quit, update},
};
use crate::{
    exit::{CommandError, Exit},
    words::Words,
};

/// How long one wait for a key or an event lasts; the end and the clock wait this long at most.
const TICK: Duration = Duration::from_millis(200);
/// As many events are taken in before the screen is drawn anew.
const BATCH: usize = 256;

/// Shows the account until the user ends it. `first` is opened at once.
///
/// # Errors
/// The terminal can't be used; the account can't be read.
pub fn run(account: &Account, words: &Words, look: Look, first: Option<String>) -> Result<(), CommandError> {
    account.connect()?;
    let performer = Performer::new(account, words)?;
    let mut tty = Tty::take().map_err(unusable)?;
    let size = tty.size().map_err(unusable)?;
    let mut model = Model::new(words, look, account.profile()?, size, now_ms());
    model.connection = account.connection();
    let (sender, events) = mpsc::channel();
    let done = Arc::new(AtomicBool::new(false));
    let (heard, typed) = (sender.clone(), sender);
    let keys_done = Arc::clone(&done);
    // Nobody waits for this one: on a terminal that is gone a read may never return.
    std::thread::spawn(move || read_keys(&typed, &keys_done));
    std::thread::scope(|scope| {
        let done = &*done;
        scope.spawn(move || listen(account, &heard, done));
        let _ending = Ending { done };
        let mut session = Session { performer, tty: &mut tty, events, done, ended: false };
        session.run(&mut model, first)
    })
}

/// Ends all when one of the three threads ends, also by a panic.
struct Ending<'a> {
    done: &'a AtomicBool,
}

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.done.store(true, Ordering::Relaxed);
    }
}

/// Passes on what the account tells.
fn listen(account: &Account, events: &Sender<Event>, done: &AtomicBool) {
    let _ending = Ending { done };
    while !done.load(Ordering::Relaxed) {
        if let Some(event) = account.next_event(TICK)
            && events.send(Event::Heard(event)).is_err()
        {
            return;
        }
    }
}

/// Passes on what is typed; a terminal that is gone ends it.
fn read_keys(events: &Sender<Event>, done: &AtomicBool) {
    let _ending = Ending { done };
    while !done.load(Ordering::Relaxed) {
        let read = match event::poll(TICK) {
            Ok(true) => event::read(),
            Ok(false) => continue,
            Err(error) => Err(error),
        };
        let event = match read {
            Ok(event::Event::Key(key)) => Event::Key(key),
            Ok(event::Event::Paste(text)) => Event::Paste(text),
            // Only wakes the loop, which looks for itself: this event is lost where a key comes at the same moment.
            Ok(event::Event::Resize(..)) => Event::Tick,
            Ok(_) => continue,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => return,
        };
        if events.send(event).is_err() {
            return;
        }
    }
}

/// The loop that takes events in, does what they ask for, and draws.
struct Session<'a> {
    performer: Performer<'a>,
    tty: &'a mut Tty,
    events: Receiver<Event>,
    done: &'a AtomicBool,
    ended: bool,
}

impl Session<'_> {
    fn run(&mut self, model: &mut Model<'_>, first: Option<String>) -> Result<(), CommandError> {
        let start = [Effect::ReadAll, Effect::ReadOutbox];
        let opened = first.map(|conversation| Effect::Open { conversation, around: None });
        self.perform(model, start.into_iter().chain(opened).collect())?;
        let mut is_changed = true;
        while !self.ended {
            is_changed |= self.fit(model)?;
            if is_changed {
                self.tty.draw(model).map_err(unusable)?;
            }
            is_changed = self.wait(model)?;
        }
        Ok(())
    }

    /// Takes in the next event and those that wait behind it. Answers whether there is something new to be seen.
    fn wait(&mut self, model: &mut Model<'_>) -> Result<bool, CommandError> {
        let mut effects = Vec::new();
        let fleeting =
            |model: &Model<'_>| (model.notice.is_some(), model.open.as_ref().is_some_and(|open| open.typing.is_some()));
        let before = fleeting(model);
        let mut is_changed = true;
        match self.events.recv_timeout(TICK) {
            Ok(event) => effects.extend(update(model, event, now_ms())),
            Err(RecvTimeoutError::Timeout) => {
                effects.extend(update(model, Event::Tick, now_ms()));
                is_changed = before != fleeting(model);
            }
            Err(RecvTimeoutError::Disconnected) => self.ended = true,
        }
        if self.tty.is_ended() || self.done.load(Ordering::Relaxed) {
            effects.extend(quit(model));
        }
        if self.tty.is_stopped() {
            effects.push(Effect::Suspend);
        }
        if self.tty.went_on() {
            effects.push(Effect::Redraw);
        }
        // Keys wait for what the ones before them did: a message is chosen before it is answered.
        let is_reading = |effect: &Effect| {
            matches!(effect, Effect::ReadOne(_) | Effect::ReadOutbox | Effect::ReadMessage { .. } | Effect::ReadAll)
        };
        let mut taken = 0;
        while effects.iter().all(is_reading) && taken < BATCH {
            let Ok(event) = self.events.try_recv() else { break };
            taken += 1;
            for effect in update(model, event, now_ms()) {
                if !effects.contains(&effect) {
                    effects.push(effect);
                }
            }
        }
        is_changed |= !effects.is_empty();
        self.perform(model, effects)?;
        Ok(is_changed)
    }

    fn perform(&mut self, model: &mut Model<'_>, effects: Vec<Effect>) -> Result<(), CommandError> {
        let mut effects = VecDeque::from(effects);
        while let Some(effect) = effects.pop_front() {
            match effect {
                Effect::Quit => self.ended = true,
                Effect::Suspend => self.tty.suspend().map_err(unusable)?,
                Effect::Redraw => self.tty.clear().map_err(unusable)?,
                effect => {
                    for news in self.performer.perform(effect) {
                        effects.extend(update(model, Event::News(news), now_ms()));
                    }
                }
            }
        }
        Ok(())
    }

    /// Whether the terminal has another size by now.
    fn fit(&mut self, model: &mut Model<'_>) -> Result<bool, CommandError> {
        let (columns, rows) = self.tty.size().map_err(unusable)?;
        if (columns, rows) == (model.columns, model.rows) {
            return Ok(false);
        }
        let effects = update(model, Event::Resize(columns, rows), now_ms());
        self.perform(model, effects)?;
        Ok(true)
    }
}

fn unusable(error: io::Error) -> CommandError {
    CommandError::new("terminal_unusable", Exit::Failure).with("detail", &error.to_string())
}

/// The clock that messages' times are held against.
fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
