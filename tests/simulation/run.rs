//! One run from its schedule to its end.

use std::{
    cell::Cell,
    panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook},
    sync::Once,
};

use crate::{
    broken::{Broken, Held},
    schedule::Schedule,
    story::Story,
    world::World,
};

static QUIET: Once = Once::new();
thread_local! {
    static RUNNING: Cell<bool> = const { Cell::new(false) };
}

/// Runs a schedule; a panic on the way is broken like everything else.
pub fn run(schedule: &Schedule) -> Held {
    told(schedule, Story::default()).0
}

/// The same with its story.
pub fn tell(schedule: &Schedule) -> (Held, Vec<String>) {
    told(schedule, Story::told())
}

fn told(schedule: &Schedule, story: Story) -> (Held, Vec<String>) {
    let mut world = match World::new(schedule, story) {
        Ok(world) => world,
        Err(broken) => return (Err(broken), Vec::new()),
    };
    QUIET.call_once(quiet);
    RUNNING.set(true);
    let run = catch_unwind(AssertUnwindSafe(|| {
        schedule.actions.iter().try_for_each(|action| world.act(*action))?;
        world.ends()
    }));
    RUNNING.set(false);
    let held = run.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        Err(Broken(format!("something panicked: {}", text.unwrap_or_default())))
    });
    if held.is_err() {
        world.tells_where_everybody_stands();
    }
    (held, world.story.lines())
}

/// What panics in a run is told with its story, and nowhere else.
fn quiet() {
    let before = take_hook();
    set_hook(Box::new(move |panic| {
        if !RUNNING.get() {
            before(panic);
        }
    }));
}
