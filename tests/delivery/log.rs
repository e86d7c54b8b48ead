//! What the program tells its log in a story, and what must not be there.

use std::io::Write;
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::fmt::MakeWriter;

/// The login of every story.
pub const USER: &str = "avstamd";
pub const PASSWORD: &str = "kanariens-losen";
/// Free text of every story's calendar, and a part of every person's name.
pub const FREE_TEXT: &str = "Kanariefågel";
/// How every address begins.
pub const LOCAL_PART: &str = "kanarie-rektor";

/// Everything that is told on a story's thread, down to the finest.
pub struct Log {
    kept: Kept,
    _guard: DefaultGuard,
}

#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Kept {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl Log {
    pub fn start() -> Self {
        let kept = Kept::default();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_ansi(false)
            .with_writer(kept.clone());
        let _guard = tracing::subscriber::set_default(subscriber.finish());
        Self { kept, _guard }
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.kept.0.lock().unwrap()).into_owned()
    }

    /// How many lines hold a word.
    pub fn lines_with(&self, word: &str) -> usize {
        let text = self.text();
        text.lines().filter(|line| line.contains(word)).count()
    }

    /// No password, no free text, no whole address.
    pub fn is_clean(&self) {
        let text = self.text();
        let plain = STANDARD.encode(format!("\0{USER}\0{PASSWORD}"));
        for canary in [
            PASSWORD,
            &STANDARD.encode(PASSWORD),
            &plain,
            FREE_TEXT,
            LOCAL_PART,
        ] {
            let leak = text.lines().find(|line| line.contains(canary));
            assert_eq!(leak, None, "{canary} is in the log");
        }
    }
}
