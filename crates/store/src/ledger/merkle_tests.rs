//! Tests of the Merkle tree: the vectors that implementations of Certificate Transparency share, and every size up to 300.

use super::hexadecimal;
use super::merkle::*;
use proptest::prelude::*;

fn hash(text: &str) -> Hash {
    hexadecimal::read(text).unwrap()
}

/// The eight leaves and the roots of their first one to eight that Certificate Transparency's own tests use.
fn known() -> (Vec<Hash>, Vec<Hash>) {
    let inputs: [&[u8]; 8] = [
        b"",
        &[0x00],
        &[0x10],
        &[0x20, 0x21],
        &[0x30, 0x31],
        &[0x40, 0x41, 0x42, 0x43],
        &[0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57],
        &[0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f],
    ];
    let roots = [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    (inputs.iter().map(|input| leaf_hash(input)).collect(), roots.iter().map(|root| hash(root)).collect())
}

fn leaves(count: usize) -> Vec<Hash> {
    (0..count).map(|place| leaf_hash(&place.to_be_bytes())).collect()
}

#[test]
fn roots_are_those_that_everybody_gets() {
    let (leaves, roots) = known();
    assert_eq!(root(&[]), hash("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
    for size in 1..=8 {
        assert_eq!(root(&leaves[..size]), roots[size - 1], "{size} leaves");
    }
}

#[test]
fn proofs_are_those_that_everybody_gets() {
    let (leaves, _) = known();
    let inclusion = inclusion_proof(&leaves, 5).unwrap();
    let expected = [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ];
    assert_eq!(inclusion, expected.map(hash));
    let consistency = consistency_proof(&leaves, 6).unwrap();
    let expected = [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ];
    assert_eq!(consistency, expected.map(hash));
}

#[test]
fn the_edge_grows_into_the_same_root_as_the_whole_tree() {
    let all = leaves(300);
    let mut edge = Edge::default();
    for (place, leaf) in all.iter().enumerate() {
        edge.push(*leaf);
        let again = Edge::from_parts(edge.size(), edge.hashes().to_vec()).unwrap();
        assert_eq!(again.root(), recursive_root(&all[..=place]));
    }
}

/// The definition of RFC 6962 section 2.1, word for word.
fn recursive_root(leaves: &[Hash]) -> Hash {
    match leaves {
        [one] => *one,
        _ => {
            let mut split = 1;
            while split * 2 < leaves.len() {
                split *= 2;
            }
            node_hash(&recursive_root(&leaves[..split]), &recursive_root(&leaves[split..]))
        }
    }
}

#[test]
fn every_inclusion_proof_of_every_size_up_to_300_holds() {
    let all = leaves(300);
    for size in 1..=300_usize {
        let tree = &all[..size];
        let whole = root(tree);
        // Every place of the small trees, and those around the splits of the large ones.
        let places =
            (0..size).filter(|place| size <= 40 || place % 37 == 0 || place + 2 >= size || place.is_power_of_two());
        for place in places {
            let proof = inclusion_proof(tree, place).unwrap();
            assert!(verify_inclusion(&all[place], place as u64, size as u64, &proof, &whole), "{place} of {size}");
            let other = (place + 1) % size;
            assert!(
                size == 1 || !verify_inclusion(&all[place], other as u64, size as u64, &proof, &whole),
                "{place} as {other} of {size}"
            );
        }
    }
    assert_eq!(inclusion_proof(&all, 300), None);
}

#[test]
fn every_consistency_proof_of_every_size_up_to_300_holds() {
    let all = leaves(300);
    let roots: Vec<Hash> = (0..=300).map(|size| root(&all[..size])).collect();
    for new in 1..=300_usize {
        for old in (1..=new).filter(|old| new <= 40 || old % 29 == 0 || old + 2 >= new || old.is_power_of_two()) {
            let proof = consistency_proof(&all[..new], old).unwrap();
            assert!(verify_consistency(old as u64, new as u64, &roots[old], &roots[new], &proof), "{old} to {new}");
            assert!(
                !verify_consistency(old as u64, new as u64, &roots[old - 1], &roots[new], &proof),
                "another beginning, {old} to {new}"
            );
        }
    }
    assert_eq!(consistency_proof(&all, 0), None);
    assert_eq!(consistency_proof(&all, 301), None);
}

proptest! {
    #[test]
    fn any_flipped_bit_of_an_inclusion_proof_is_caught(size in 2_usize..300, place in 0_usize..300, at in 0_usize..4096, bit in 0_u8..8) {
        let (tree, place) = (leaves(size), place % size);
        let mut proof = inclusion_proof(&tree, place).unwrap();
        let at = at % (proof.len() * 32);
        proof[at / 32][at % 32] ^= 1 << bit;
        prop_assert!(!verify_inclusion(&tree[place], place as u64, size as u64, &proof, &root(&tree)));
    }

    #[test]
    fn any_flipped_bit_of_a_consistency_proof_is_caught(new in 2_usize..300, old in 1_usize..300, at in 0_usize..4096, bit in 0_u8..8) {
        let tree = leaves(new);
        let old = 1 + old % (new - 1);
        let mut proof = consistency_proof(&tree, old).unwrap();
        let at = at % (proof.len() * 32);
        proof[at / 32][at % 32] ^= 1 << bit;
        prop_assert!(!verify_consistency(old as u64, new as u64, &root(&tree[..old]), &root(&tree), &proof));
    }

    #[test]
    fn any_changed_leaf_changes_the_root(size in 1_usize..300, place in 0_usize..300, at in 0_usize..32, bit in 0_u8..8) {
        let mut tree = leaves(size);
        let before = root(&tree);
        tree[place % size][at] ^= 1 << bit;
        prop_assert_ne!(root(&tree), before);
    }

    #[test]
    fn proofs_of_the_wrong_length_are_refused_and_never_panic(index in any::<u64>(), size in any::<u64>(), length in 0_usize..70) {
        let proof = leaves(length);
        verify_inclusion(&proof.first().copied().unwrap_or_default(), index, size, &proof, &[0; 32]);
        prop_assert!(!verify_consistency(index, size, &[1; 32], &[2; 32], &proof));
    }
}
