//! The terminal while the screen has it: raw, on its second page, and given back however the program ends.

use std::{
    io::{self, Stdout},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use ratatui::{
    Terminal,
    backend::CrosstermBackend,
    crossterm::{
        cursor::Show,
        event::{DisableBracketedPaste, EnableBracketedPaste},
        execute,
        terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode},
    },
};
use signal_hook::{
    consts::{SIGCONT, SIGHUP, SIGINT, SIGTERM, SIGTSTP},
    flag, low_level,
};

use super::{model::Model, view};

/// The terminal, taken; it is given back when this is dropped, and by a panic of any thread.
pub struct Tty {
    terminal: Terminal<CrosstermBackend<Stdout>>,
    signals: Signals,
}

/// What was asked from outside.
struct Signals {
    end: Arc<AtomicBool>,
    stop: Arc<AtomicBool>,
    go_on: Arc<AtomicBool>,
}

impl Tty {
    pub fn take() -> io::Result<Self> {
        let signals = Signals { end: Arc::default(), stop: Arc::default(), go_on: Arc::default() };
        for signal in [SIGTERM, SIGHUP, SIGINT] {
            flag::register(signal, signals.end.clone())?;
        }
        flag::register(SIGTSTP, signals.stop.clone())?;
        flag::register(SIGCONT, signals.go_on.clone())?;
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            give_back();
            before(panic);
        }));
        enter()?;
        let terminal = Terminal::new(CrosstermBackend::new(io::stdout())).inspect_err(|_| give_back())?;
        Ok(Self { terminal, signals })
    }

    pub fn size(&self) -> io::Result<(u16, u16)> {
        self.terminal.size().map(|size| (size.width, size.height))
    }

    pub fn draw(&mut self, model: &Model<'_>) -> io::Result<()> {
        self.terminal.draw(|frame| {
            if let Some(position) = view::draw(model, frame.buffer_mut()) {
                frame.set_cursor_position(position);
            }
        })?;
        Ok(())
    }

    /// Draws everything anew with the next `draw`.
    pub fn clear(&mut self) -> io::Result<()> {
        self.terminal.clear()
    }

    /// Whether the program shall end.
    pub fn is_ended(&self) -> bool {
        self.signals.end.load(Ordering::Relaxed)
    }

    /// Whether the program shall stop for a while.
    pub fn is_stopped(&self) -> bool {
        self.signals.stop.swap(false, Ordering::Relaxed)
    }

    /// Whether the program went on in another way than by [`Tty::suspend`]: what is on the screen is unknown.
    pub fn went_on(&self) -> bool {
        self.signals.go_on.swap(false, Ordering::Relaxed)
    }

    /// Gives the terminal back and stops, until the shell lets the program go on.
    pub fn suspend(&mut self) -> io::Result<()> {
        give_back();
        low_level::emulate_default_handler(SIGTSTP)?;
        enter()?;
        self.signals.go_on.store(false, Ordering::Relaxed);
        self.terminal.clear()
    }
}

impl Drop for Tty {
    fn drop(&mut self) {
        give_back();
    }
}

/// Whether the terminal is taken: given back twice, it would move the cursor into what stands there by then.
static TAKEN: AtomicBool = AtomicBool::new(false);

fn enter() -> io::Result<()> {
    enable_raw_mode()?;
    TAKEN.store(true, Ordering::Relaxed);
    execute!(io::stdout(), EnterAlternateScreen, EnableBracketedPaste).inspect_err(|_| give_back())
}

/// What can't be given back any more (the terminal is gone) is nobody's loss.
fn give_back() {
    if !TAKEN.swap(false, Ordering::Relaxed) {
        return;
    }
    let _ = disable_raw_mode();
    let _ = execute!(io::stdout(), DisableBracketedPaste, LeaveAlternateScreen, Show);
}
