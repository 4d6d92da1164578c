//! Argon2id (RFC 9106) with bounded parameters, over memory that is wiped. SPEC §9, §11.

use alloc::vec::Vec;

use argon2::{Algorithm, Argon2, Block, Params, Version};
use zeroize::Zeroize as _;

use crate::{
    limits::{MAX_COST_LANES, MAX_COST_MEMORY_KIB, MAX_COST_PASSES},
    secret::Secret,
};

/// What one try at a password costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Costs {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

/// Why costs are none that we would pay. The fault of who wrote them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CostError {
    /// Nothing to do: no protection.
    #[error("{0} of the password hash is zero")]
    Zero(Cost),
    /// More than [`Costs`] may be.
    #[error("{0} of the password hash is over the limit")]
    OverLimit(Cost),
    /// Argon2 needs 8 KiB for each lane.
    #[error("memory of the password hash is below 8 KiB a lane")]
    TooLittleMemory,
}

/// One of the three costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cost {
    /// `m`.
    Memory,
    /// `t`.
    Passes,
    /// `p`.
    Lanes,
}

impl core::fmt::Display for Cost {
    fn fmt(&self, formatter: &mut core::fmt::Formatter) -> core::fmt::Result {
        formatter.write_str(match self {
            Self::Memory => "memory",
            Self::Passes => "number of passes",
            Self::Lanes => "number of lanes",
        })
    }
}

/// The machine has not the memory that the password's costs ask for. The
/// environment's fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not enough memory to hash the password")]
pub struct OutOfMemory;

const KIB_PER_LANE: u32 = 8;

impl Costs {
    /// 64 MiB, 3 passes, 1 lane: those of this version.
    pub const STANDARD: Self = Self { memory_kib: 64 * 1024, passes: 3, lanes: 1 };

    /// Checked costs.
    pub fn new(memory_kib: u32, passes: u32, lanes: u32) -> Result<Self, CostError> {
        for (cost, value, limit) in [
            (Cost::Memory, memory_kib, MAX_COST_MEMORY_KIB),
            (Cost::Passes, passes, MAX_COST_PASSES),
            (Cost::Lanes, lanes, MAX_COST_LANES),
        ] {
            if value == 0 {
                return Err(CostError::Zero(cost));
            }
            if value > limit {
                return Err(CostError::OverLimit(cost));
            }
        }
        if memory_kib < lanes * KIB_PER_LANE {
            return Err(CostError::TooLittleMemory);
        }
        Ok(Self { memory_kib, passes, lanes })
    }

    /// `m`, in KiB.
    pub fn memory_kib(&self) -> u32 {
        self.memory_kib
    }

    /// `t`.
    pub fn passes(&self) -> u32 {
        self.passes
    }

    /// `p`.
    pub fn lanes(&self) -> u32 {
        self.lanes
    }
}

/// `Argon2id(password, salt, m, t, p, 32 bytes)`.
pub(crate) fn argon2id(
    password: &[u8],
    salt: &[u8; 16],
    costs: Costs,
) -> Result<Secret<32>, OutOfMemory> {
    #[expect(clippy::expect_used, reason = "costs are checked where they are made")]
    let params = Params::new(costs.memory_kib, costs.passes, costs.lanes, Some(32))
        .expect("costs within Argon2's own bounds");
    run(&Argon2::new(Algorithm::Argon2id, Version::V0x13, params), password, salt)
}

fn run(argon2: &Argon2, password: &[u8], salt: &[u8]) -> Result<Secret<32>, OutOfMemory> {
    let mut memory = Memory::new(argon2.params().block_count())?;
    let mut hash = Secret::zero();
    #[expect(clippy::expect_used, reason = "password, salt and output have lengths Argon2 takes")]
    argon2
        .hash_password_into_with_memory(password, salt, hash.expose_mut(), &mut memory.0)
        .expect("inputs of permitted length");
    Ok(hash)
}

/// Argon2's blocks; the last of them give the hash away.
struct Memory(Vec<Block>);

impl Memory {
    fn new(blocks: usize) -> Result<Self, OutOfMemory> {
        let mut memory = Vec::new();
        memory.try_reserve_exact(blocks).map_err(|_| OutOfMemory)?;
        memory.resize(blocks, Block::new());
        Ok(Self(memory))
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        for block in &mut self.0 {
            block.zeroize();
        }
    }
}

#[cfg(test)]
mod tests {
    use argon2::{AssociatedData, ParamsBuilder};
    use data_encoding::HEXLOWER;

    use super::*;

    /// RFC 9106 §5.3.
    #[test]
    fn agrees_with_the_vector_of_the_rfc() {
        let mut params = ParamsBuilder::new();
        params.m_cost(32).t_cost(3).p_cost(4).output_len(32);
        params.data(AssociatedData::new(&[4; 12]).unwrap());
        let context = Argon2::new_with_secret(
            &[3; 8],
            Algorithm::Argon2id,
            Version::V0x13,
            params.build().unwrap(),
        );
        let hash = run(&context.unwrap(), &[1; 32], &[2; 16]).unwrap();
        assert_eq!(
            HEXLOWER.encode(hash.expose()),
            "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659"
        );
    }

    /// By the reference implementation in C, through argon2-cffi.
    #[test]
    fn agrees_with_the_reference_implementation() {
        let hash = |m, t, p| {
            let costs = Costs::new(m, t, p).unwrap();
            let hash = argon2id(b"password", b"somesaltsomesalt", costs).unwrap();
            HEXLOWER.encode(hash.expose())
        };
        assert_eq!(
            hash(65_536, 3, 1),
            "7664ad4ba1a3c999fcdd0991ffc2270f78302d2383233db5e7befc85d1bb1819"
        );
        assert_eq!(
            hash(256, 2, 4),
            "e42674cb8105a3c6863674ceab28f466fdcbcbffc512caf46cf67a0469c43bd5"
        );
    }

    #[test]
    fn costs_are_bounded_before_any_work() {
        use Cost::{Lanes, Memory, Passes};
        let error = |m, t, p| Costs::new(m, t, p).err();
        assert_eq!(error(0, 1, 1), Some(CostError::Zero(Memory)));
        assert_eq!(error(8, 0, 1), Some(CostError::Zero(Passes)));
        assert_eq!(error(8, 1, 0), Some(CostError::Zero(Lanes)));
        assert_eq!(error(1_048_577, 1, 1), Some(CostError::OverLimit(Memory)));
        assert_eq!(error(u32::MAX, u32::MAX, u32::MAX), Some(CostError::OverLimit(Memory)));
        assert_eq!(error(8, 11, 1), Some(CostError::OverLimit(Passes)));
        assert_eq!(error(1_024, 1, 17), Some(CostError::OverLimit(Lanes)));
        assert_eq!(error(7, 1, 1), Some(CostError::TooLittleMemory));
        assert_eq!(error(31, 1, 4), Some(CostError::TooLittleMemory));
        assert_eq!(error(1_048_576, 10, 16), None);
        assert_eq!(error(8, 1, 1), None);
    }
}
