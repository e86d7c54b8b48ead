//! What a panic tells, through the log's own hook; alone in its process, whose hook it sets.

use std::io::Write;
use std::sync::{Arc, Mutex};

use tracing_subscriber::fmt::MakeWriter;

#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
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

#[test]
fn fault_80_a_panic_tells_where_it_was_and_not_whose_text_it_stumbled_over() {
    let kept = Kept::default();
    let log = tracing_subscriber::fmt().with_writer(kept.clone()).finish();
    avstamd::cli::log::tell_panics();
    let text = "Rut Öberg har berättat";
    let stumbled = tracing::subscriber::with_default(log, || {
        std::panic::catch_unwind(|| text.split_at(5).0.len())
    });
    drop(std::panic::take_hook());
    assert!(stumbled.is_err());
    let said = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
    assert!(said.contains("str/mod.rs"), "{said}");
    assert!(said.contains("a fault in the program"), "{said}");
    assert!(!said.contains("Rut"), "{said}");
}
