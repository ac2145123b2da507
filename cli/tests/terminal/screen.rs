//! The full-screen chat in a real terminal (tmux), with a real relay and somebody who writes from elsewhere.

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{
    program::{PASSPHRASE, sealpost, text},
    walk::{Walk, of_type},
};

/// Building and testing at once makes machines slow.
const PATIENCE: Duration = Duration::from_secs(60);
/// What stands before everything coloured.
const COLOUR: &str = "\u{1b}[38;5;";

#[test]
fn two_people_talk_on_the_full_screen() {
    let walk = Walk::begin();
    walk.meet();
    walk.done("bob", &["contacts", "add", &walk.card("ada"), "--name", "Ada"]);
    walk.done("ada", &["send", "Bob", "Shall we sing on Thursday?"]);
    let tty = Tmux::begin(walk.home(), 90, 24, "C.UTF-8");
    tty.start("bob");
    tty.wait_for("1 unread");
    assert!(!tty.shows("new ──"), "nothing is open, so nothing is read: {}", tty.screen());
    tty.keys(&["Enter"]);
    tty.wait_for("─ new ─");
    tty.wait_for("Shall we sing on Thursday?");
    tty.wait_until("it is read", |screen| !screen.contains("unread"));
    assert!(tty.coloured().contains(COLOUR), "names are coloured: {:?}", tty.coloured());

    tty.write("Thursday is fine");
    tty.keys(&["M-Enter"]);
    tty.write("with me.");
    tty.keys(&["Enter"]);
    tty.wait_for("   with me.");
    tty.wait_for("✓ sent");
    tty.keys(&["C-Up", "Up", "r"]);
    tty.wait_for("Reply to Ada");
    tty.write("As always.");
    tty.keys(&["Enter"]);
    tty.wait_for("↳ Ada #");
    tty.keys(&["C-Up", "Up", "Up", "+", "1"]);
    tty.wait_for("👍 You");

    let seen = walk.run("ada", &["inbox", "Bob"]);
    let messages = of_type(&seen, "message");
    let told: Vec<_> = messages.iter().filter_map(|message| message["text"].as_str()).collect();
    assert_eq!(told, ["Shall we sing on Thursday?", "Thursday is fine\nwith me.", "As always."]);
    assert_eq!(messages[2]["reply_to"], messages[0]["id"]);
    assert_eq!(messages[0]["reactions"][0]["emoji"], "👍");
    tty.wait_for("delivered");

    tty.keys(&["Escape", "C-f"]);
    tty.write("thursday");
    tty.keys(&["Enter"]);
    tty.wait_for("2 messages.");
    tty.keys(&["Down", "Enter"]);
    tty.wait_for("▌Ada");
    tty.keys(&["Escape", "C-c"]);
    tty.wait_for("[done 0]");
}

#[test]
fn a_screen_keeps_what_was_written_through_a_cut_a_resize_and_a_stop() {
    let mut walk = Walk::begin();
    walk.meet();
    let tty = Tmux::begin(walk.home(), 100, 30, "C.UTF-8");
    tty.start("ada");
    tty.wait_for("● connected");
    tty.keys(&["C-n"]);
    tty.wait_for("Talk with");
    tty.write("bo");
    tty.wait_for("> bo");
    tty.keys(&["Enter"]);
    tty.wait_for("(no messages)");

    walk.stop_relay();
    tty.wait_until("the cut is shown", |screen| !screen.contains("● connected"));
    tty.write("Written without a network");
    tty.keys(&["Enter"]);
    tty.wait_for("… waiting");
    tty.write("half a thought");
    tty.resize(40, 10);
    tty.wait_until("the list gives way", |screen| !screen.contains("Sealpost") && screen.contains("> half a thought"));
    tty.keys(&["C-z"]);
    tty.wait_for("Stopped");
    tty.type_line("fg; echo \"[done $?]\"");
    tty.wait_until("it goes on", |screen| screen.contains("> half a thought") && !screen.contains("Stopped"));
    tty.resize(100, 30);
    walk.start_relay();
    tty.wait_for("● connected");
    tty.wait_for("✓ sent");

    // The end from outside keeps the draft, and gives the terminal back.
    tty.end_program();
    tty.wait_for("[done 0]");
    assert!(!tty.shows("● connected"), "{}", tty.screen());
    let conversations = of_type(&walk.run("ada", &["inbox"]), "conversation");
    assert_eq!(conversations[0]["draft"], "half a thought");
    let came = of_type(&walk.run("bob", &["inbox", &walk.id("ada")]), "message");
    assert_eq!(came.iter().map(|message| &message["text"]).collect::<Vec<_>>(), ["Written without a network"]);
}

#[test]
fn a_stranger_is_accepted_on_the_full_screen_without_colours_in_ascii() {
    let walk = Walk::begin();
    walk.meet();
    walk.done("ada", &["send", "Bob", "Grüße aus Köln ✓"]);
    let tty = Tmux::begin(walk.home(), 80, 24, "C");
    tty.start_as("bob", "NO_COLOR=1 ");
    tty.wait_for("[request]");
    tty.keys(&["Enter"]);
    tty.wait_for("F5 accepts");
    tty.wait_for("Gruse aus Koln +");
    assert!(tty.screen().is_ascii(), "{}", tty.screen());
    assert!(!tty.coloured().contains(COLOUR), "{:?}", tty.coloured());
    tty.keys(&["F5"]);
    tty.wait_until("the request is gone", |screen| !screen.contains("request") && !screen.contains("F5 accepts"));
    tty.keys(&["F2"]);
    tty.wait_for("Fingerprint");
    tty.keys(&["Escape", "F4"]);
    tty.wait_for("[muted]");
    tty.write("/edit nothing");
    tty.keys(&["Enter"]);
    tty.wait_for("There is no such message.");
    tty.keys(&["C-c"]);
    tty.wait_for("[done 0]");
    let contacts = of_type(&walk.run("bob", &["contacts"]), "contact");
    assert_eq!(contacts[0]["request"], Value::from(false));
}

#[test]
fn a_screen_ends_with_its_terminal() {
    let walk = Walk::begin();
    walk.meet();
    let tty = Tmux::begin(walk.home(), 80, 24, "C.UTF-8");
    tty.start("ada");
    let program = PathBuf::from("/proc").join(tty.program());
    drop(tty);
    let begin = Instant::now();
    while program.exists() {
        assert!(begin.elapsed() < PATIENCE, "it runs on without a terminal");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn without_a_terminal_the_screen_says_what_scripts_use() {
    let walk = Walk::begin();
    walk.meet();
    let refused = sealpost(walk.home(), &["--account", "ada", "screen"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(text(&refused).contains("sealpost send"), "{}", text(&refused));
}

/// A terminal with a shell in it.
struct Tmux {
    socket: String,
    locale: &'static str,
}

impl Tmux {
    fn begin(home: &Path, columns: u16, rows: u16, locale: &'static str) -> Self {
        let socket = home.join("tmux").to_str().expect("a text").to_owned();
        let tmux = Self { socket, locale };
        let (columns, rows) = (columns.to_string(), rows.to_string());
        let mut start = tmux.command();
        start.args(["-f", "/dev/null", "new-session", "-d", "-x", &columns, "-y", &rows]);
        start.args(["env", "PS1=$ ", "bash", "--norc", "--noprofile", "-i"]);
        start.env("SEALPOST_HOME", home).env("SEALPOST_PASSPHRASE", PASSPHRASE).env_remove("TMUX");
        for variable in ["LC_MESSAGES", "LC_CTYPE", "LANG", "NO_COLOR", "DBUS_SESSION_BUS_ADDRESS"] {
            start.env_remove(variable);
        }
        assert!(start.status().expect("tmux is installed by scripts/install.sh test").success());
        tmux.wait_for("$");
        tmux
    }

    fn start(&self, account: &str) {
        self.start_as(account, "");
    }

    /// Starts the screen from the shell, which tells how it ended.
    fn start_as(&self, account: &str, variables: &str) {
        let program = env!("CARGO_BIN_EXE_sealpost");
        let locale = self.locale;
        self.type_line(&format!(
            "clear; LC_ALL={locale} {variables}{program} --lang en --account {account} screen; echo \"[done $?]\""
        ));
        self.wait_for("F1 help");
    }

    fn command(&self) -> Command {
        let mut command = Command::new("tmux");
        command.args(["-u", "-S", &self.socket]).env("LC_ALL", "C.UTF-8");
        command
    }

    fn run(&self, arguments: &[&str]) -> String {
        let output = self.command().args(arguments).output().expect("tmux runs");
        assert!(output.status.success(), "{arguments:?}: {}", text(&output));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Presses keys by name.
    fn keys(&self, keys: &[&str]) {
        for key in keys {
            self.run(&["send-keys", key]);
            // A terminal tells Escape from the start of another key by what follows at once.
            std::thread::sleep(Duration::from_millis(if *key == "Escape" { 200 } else { 20 }));
        }
    }

    fn write(&self, text: &str) {
        self.run(&["send-keys", "-l", text]);
    }

    fn type_line(&self, line: &str) {
        self.write(line);
        self.keys(&["Enter"]);
    }

    fn resize(&self, columns: u16, rows: u16) {
        self.run(&["resize-window", "-x", &columns.to_string(), "-y", &rows.to_string()]);
    }

    fn screen(&self) -> String {
        self.run(&["capture-pane", "-p"])
    }

    /// The screen with its colours.
    fn coloured(&self) -> String {
        self.run(&["capture-pane", "-p", "-e"])
    }

    fn shows(&self, wanted: &str) -> bool {
        self.screen().contains(wanted)
    }

    fn wait_for(&self, wanted: &str) {
        self.wait_until(wanted, |screen| screen.contains(wanted));
    }

    fn wait_until(&self, what: &str, holds: impl Fn(&str) -> bool) {
        let begin = Instant::now();
        while !holds(&self.screen()) {
            assert!(begin.elapsed() < PATIENCE, "not seen: {what}\n{}", self.screen());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// The process of the program.
    fn program(&self) -> String {
        let shell = self.run(&["display-message", "-p", "#{pane_pid}"]);
        let children = Command::new("pgrep").args(["-P", shell.trim()]).output().expect("pgrep is there");
        let child = String::from_utf8_lossy(&children.stdout).trim().to_owned();
        assert!(!child.is_empty(), "the screen runs");
        child
    }

    /// Asks the program to end, as a system that shuts down does.
    fn end_program(&self) {
        assert!(Command::new("kill").args(["-TERM", &self.program()]).status().expect("kill is there").success());
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        // A server that has ended already is what is wished for.
        let _ = self.command().arg("kill-server").output();
    }
}
