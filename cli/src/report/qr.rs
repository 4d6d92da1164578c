//! A QR code for the terminal, two rows of it in a line.

use qrcode::{EcLevel, QrCode, render::unicode::Dense1x2};

/// Draws it, dark on light as cameras want it; nothing if it is too much for one.
pub(crate) fn draw(data: &[u8]) -> Option<String> {
    let code = QrCode::with_error_correction_level(data, EcLevel::L).ok()?;
    // On a dark terminal what is drawn is light, so that dark and light change places.
    let mut drawing = code
        .render::<Dense1x2>()
        .dark_color(Dense1x2::Dark)
        .light_color(Dense1x2::Light)
        .quiet_zone(true)
        .build();
    drawing.push('\n');
    Some(drawing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_drawn_and_too_much_is_not() {
        let drawing = draw(b"msg:bob@relay.example").unwrap();
        assert!(drawing.lines().count() > 10 && drawing.contains('█'));
        assert!(draw(&[0; 5_000]).is_none());
    }
}
