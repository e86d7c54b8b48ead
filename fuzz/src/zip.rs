//! A workbook as an archive whose parts are stored as they are: fuzzed bytes would not get past the
//! checksums of a packed one.

/// The archive of these files.
pub fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut archive, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in files {
        let place = archive.len();
        archive.extend(b"PK\x03\x04");
        let head = head(name, content);
        archive.extend(&head);
        archive.extend(name.as_bytes());
        archive.extend(*content);
        directory.extend(b"PK\x01\x02\x14\0");
        directory.extend(&head);
        directory.extend([0; 10]);
        directory.extend(number(place));
        directory.extend(name.as_bytes());
    }
    let (start, count) = (archive.len(), files.len() as u16);
    archive.extend(&directory);
    archive.extend(b"PK\x05\x06\0\0\0\0");
    archive.extend(count.to_le_bytes());
    archive.extend(count.to_le_bytes());
    archive.extend(number(directory.len()));
    archive.extend(number(start));
    archive.extend([0; 2]);
    archive
}

/// Version, flags (names are UTF-8), method, time, day, checksum, both lengths, name, nothing extra.
fn head(name: &str, content: &[u8]) -> Vec<u8> {
    let mut head = vec![20, 0, 0, 8, 0, 0, 0, 0, 0x21, 0];
    head.extend(checksum(content).to_le_bytes());
    head.extend(number(content.len()));
    head.extend(number(content.len()));
    head.extend((name.len() as u16).to_le_bytes());
    head.extend([0; 2]);
    head
}

fn number(size: usize) -> [u8; 4] {
    (size as u32).to_le_bytes()
}

/// CRC-32 as archives have it.
fn checksum(content: &[u8]) -> u32 {
    let mut sum = u32::MAX;
    for byte in content {
        sum ^= u32::from(*byte);
        for _ in 0..8 {
            sum = (sum >> 1) ^ (0xedb8_8320 & (sum & 1).wrapping_neg());
        }
    }
    !sum
}
