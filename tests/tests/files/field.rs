//! Numbers modulo 2^130 - 5, in which Poly1305 computes: slow, and enough to forge with.

use std::ops::{Add, Mul, Sub};

/// A number below the modulus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Element {
    pub(crate) high: u64,
    pub(crate) low: u128,
}

const MODULUS: Element = Element { high: 3, low: u128::MAX - 4 };

impl Element {
    pub(crate) const ZERO: Self = Self { high: 0, low: 0 };
    pub(crate) const ONE: Self = Self { high: 0, low: 1 };

    /// A block of 16 bytes as Poly1305 reads it.
    pub(crate) fn block(bytes: [u8; 16]) -> Self {
        Self { high: 1, low: u128::from_le_bytes(bytes) }
    }

    fn reduced(self) -> Self {
        let below = (self.high, self.low) < (MODULUS.high, MODULUS.low);
        if below { self } else { self.minus(MODULUS) }
    }

    fn minus(self, other: Self) -> Self {
        let (low, borrow) = self.low.overflowing_sub(other.low);
        Self { high: self.high - other.high - u64::from(borrow), low }
    }

    fn negated(self) -> Self {
        MODULUS.minus(self).reduced()
    }

    fn plus(self, other: Self) -> Self {
        let (low, carry) = self.low.overflowing_add(other.low);
        Self { high: self.high + other.high + u64::from(carry), low }.reduced()
    }

    fn bit(self, index: u32) -> bool {
        if index < 128 { self.low >> index & 1 == 1 } else { self.high >> (index - 128) & 1 == 1 }
    }

    pub(crate) fn power(self, exponent: Self) -> Self {
        (0..130).rev().fold(Self::ONE, |result, index| {
            let square = result * result;
            if exponent.bit(index) { square * self } else { square }
        })
    }

    pub(crate) fn inverse(self) -> Self {
        self.power(MODULUS.minus(Self { high: 0, low: 2 }))
    }
}

impl Add for Element {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        self.plus(other)
    }
}

impl Sub for Element {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        self.plus(other.negated())
    }
}

impl Mul for Element {
    type Output = Self;

    fn mul(self, other: Self) -> Self {
        (0..130).rev().fold(Self::ZERO, |sum, index| {
            let double = sum + sum;
            if other.bit(index) { double + self } else { double }
        })
    }
}

#[test]
fn a_number_times_its_inverse_is_one() {
    for low in [1, 2, 12_345, u128::MAX] {
        let number = Element { high: 2, low };
        assert_eq!(number * number.inverse(), Element::ONE);
        assert_eq!(number - number, Element::ZERO);
    }
}
