//! What `faults` is in a relay that serves people: nothing happens.

/// Orders nothing.
#[derive(Clone, Default)]
pub struct Faults;

impl Faults {
    pub(crate) fn takes_response(&self) -> bool {
        false
    }

    pub(crate) fn refuses(&self) -> bool {
        false
    }

    pub(crate) async fn delay(&self) {}

    pub(crate) fn cuts_socket(&self) -> bool {
        false
    }

    pub(crate) async fn push_allowed(&self) {}
}

/// Cuts nothing.
#[derive(Clone, Default)]
pub struct Cut;

impl Cut {
    pub(crate) fn after(&self, _bytes: usize) {}

    pub(crate) fn allowed(&self, bytes: usize) -> std::io::Result<usize> {
        Ok(bytes)
    }

    pub(crate) fn written(&self, _bytes: usize) {}
}

pub(crate) fn stop_point(_name: &'static str) {}
