//! What is kept reads as if it had been written, and is written as it was kept.

use rand_chacha::ChaCha20Rng;
use rand_core::{Rng as _, SeedableRng as _};

use super::*;

const ROUNDS: u64 = 200;

fn file(contents: &[u8]) -> File {
    let file = tempfile::tempfile().unwrap();
    file.write_all_at(contents, 0).unwrap();
    file
}

fn contents(file: &dyn Ground) -> Vec<u8> {
    let mut bytes = vec![0; usize::try_from(file.length().unwrap()).unwrap()];
    file.read(0, &mut bytes).unwrap();
    bytes
}

/// Some changes at random, to a medium and to a model of it.
fn change(medium: &Medium, model: &mut Vec<u8>, rng: &mut ChaCha20Rng) {
    for _ in 0..rng.next_u32() % 8 {
        let at = rng.next_u32() as usize % (model.len() + 5_000);
        match rng.next_u32() % 4 {
            0 => {
                medium.set_len(at as u64).unwrap();
                model.resize(at, 0);
            }
            1 => medium.sync_data().unwrap(),
            _ => {
                let bytes = vec![rng.next_u32().to_be_bytes()[0]; rng.next_u32() as usize % 9_000];
                medium.write(at as u64, &bytes).unwrap();
                let end = at + bytes.len();
                model.resize(model.len().max(end), 0);
                model[at..end].copy_from_slice(&bytes);
            }
        }
    }
}

#[test]
fn what_is_kept_reads_as_if_written_and_is_written_as_kept() {
    for seed in 0..ROUNDS {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let mut model = vec![1; rng.next_u32() as usize % 20_000];
        let medium = Medium::keeping(file(&model)).unwrap();
        let before = model.clone();
        change(&medium, &mut model, &mut rng);
        assert_eq!(StorageBackend::len(&medium).unwrap(), model.len() as u64, "seed {seed}");
        let begin = rng.next_u32() as usize % (model.len() + 1);
        let mut read = vec![9; rng.next_u32() as usize % (model.len() - begin + 1)];
        medium.read(begin as u64, &mut read).unwrap();
        assert!(read == model[begin..begin + read.len()], "seed {seed}");
        assert!(contents(&*medium.0.file) == before, "seed {seed}");
        medium.begin_writing().unwrap();
        change(&medium, &mut model, &mut rng);
        assert!(contents(&*medium.0.file) == model, "seed {seed}");
    }
}

#[test]
fn beyond_the_end_there_is_nothing_to_read() {
    let medium = Medium::keeping(file(b"1234")).unwrap();
    let error = medium.read(2, &mut [0; 3]).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    assert!(medium.read(u64::MAX, &mut [0; 3]).is_err());
}

#[test]
fn once_closed_nothing_reaches_the_file() {
    let medium = Medium::writing(file(b"1234"));
    medium.write(0, b"5").unwrap();
    medium.close();
    assert!(medium.write(0, b"6").is_err());
    assert!(medium.set_len(0).is_err());
    assert!(medium.sync_data().is_err());
    assert_eq!(contents(&*medium.0.file), b"5234");
}
