//! How large an image is, read from the first bytes of a file: PNG, GIF and JPEG.
//! What they say is looked at and not believed: it is only shown.

use msg_protocol::content::ImageSize;

/// Bytes at the beginning of a file in which its size is looked for. What cameras
/// write before it has less.
pub const HEAD_BYTES: usize = 128 * 1024;

/// The size of an image, if these first bytes are those of one.
pub fn size(head: &[u8]) -> Option<ImageSize> {
    let head = head.get(..HEAD_BYTES).unwrap_or(head);
    png(head)
        .or_else(|| gif(head))
        .or_else(|| jpeg(head))
        .filter(|size| size.width > 0 && size.height > 0)
}

/// Signature, length and name of the first chunk, width, height.
fn png(head: &[u8]) -> Option<ImageSize> {
    let chunk = head.strip_prefix(b"\x89PNG\r\n\x1a\n")?.get(4..)?.strip_prefix(b"IHDR")?;
    let number = |at: usize| {
        let bytes: [u8; 4] = chunk.get(at..at + 4)?.try_into().ok()?;
        Some(u32::from_be_bytes(bytes)).filter(|number| *number <= i32::MAX.unsigned_abs())
    };
    Some(ImageSize { width: number(0)?, height: number(4)? })
}

fn gif(head: &[u8]) -> Option<ImageSize> {
    let screen = head.strip_prefix(b"GIF87a").or_else(|| head.strip_prefix(b"GIF89a"))?;
    let number = |at: usize| {
        let bytes: [u8; 2] = screen.get(at..at + 2)?.try_into().ok()?;
        Some(u32::from(u16::from_le_bytes(bytes)))
    };
    Some(ImageSize { width: number(0)?, height: number(2)? })
}

/// Segments, each with its mark and length, until one that begins a frame.
fn jpeg(head: &[u8]) -> Option<ImageSize> {
    let mut rest = head.strip_prefix(b"\xff\xd8")?;
    loop {
        rest = rest.strip_prefix(b"\xff")?;
        while let Some(filled) = rest.strip_prefix(b"\xff") {
            rest = filled;
        }
        let (&mark, segment) = rest.split_first()?;
        let length = usize::from(u16::from_be_bytes(segment.get(..2)?.try_into().ok()?));
        match mark {
            // Frames, but for the tables of codes and conditions among their numbers.
            0xc0..=0xcf if !matches!(mark, 0xc4 | 0xc8 | 0xcc) => {
                let number = |at: usize| {
                    let bytes: [u8; 2] = segment.get(at..at + 2)?.try_into().ok()?;
                    Some(u32::from(u16::from_be_bytes(bytes)))
                };
                return Some(ImageSize { height: number(3)?, width: number(5)? });
            }
            // The picture itself, or its end.
            0xda | 0xd9 => return None,
            _ => rest = segment.get(length..).filter(|_| length >= 2)?,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\x02\x80\0\0\x01\xe0\x08\x02\0\0\0";
    const GIF: &[u8] = b"GIF89a\x10\0\x20\0\x80\0\0";

    fn jpeg_with(before: usize) -> Vec<u8> {
        let mut bytes = b"\xff\xd8".to_vec();
        for _ in 0..before {
            bytes.extend(b"\xff\xe1\xff\xff");
            bytes.resize(bytes.len() + 65_533, 0);
        }
        bytes.extend(b"\xff\xff\xc4\0\x03\0\xff\xc2\0\x11\x08\x04\0\x08\0\x03");
        bytes
    }

    fn of(head: &[u8]) -> Option<(u32, u32)> {
        size(head).map(|size| (size.width, size.height))
    }

    #[test]
    fn each_kind_says_its_size() {
        assert_eq!(of(PNG), Some((640, 480)));
        assert_eq!(of(GIF), Some((16, 32)));
        assert_eq!(of(&jpeg_with(0)), Some((2048, 1024)));
        assert_eq!(of(&jpeg_with(1)), Some((2048, 1024)), "behind what a camera wrote");
    }

    #[test]
    fn what_is_no_image_or_cut_off_or_too_deep_has_none() {
        assert_eq!(of(b""), None);
        assert_eq!(of(b"%PDF-1.7"), None);
        assert_eq!(of(&jpeg_with(2)), None, "further in than is looked");
        for whole in [PNG.to_vec(), GIF.to_vec(), jpeg_with(1)] {
            for end in 0..whole.len().min(64) {
                // Nothing but the end of the looking: no panic, and no size out of nothing.
                let found = of(&whole[..end]);
                assert!(found.is_none() || end >= 10, "{end}");
            }
        }
        assert_eq!(of(b"\xff\xd8\xff\xe0\0\0\xff\xe0\0\0"), None, "a segment without a length");
    }
}
