// Verifies eth_getProof with nothing but RLP and Keccak-256 (Yellow Paper, appendix D).
import { fromRlp, hexToBigInt, keccak256, pad, toHex, toRlp } from 'viem';

/** The value under `key` (0x-hexadecimal, already hashed), or null where the proof shows that there is none. */
export function verifyProof(root, key, nodes) {
  let expected = root;
  let path = key.slice(2);
  for (const encoded of nodes) {
    if (keccak256(encoded) !== expected) throw new Error('a node does not have the hash that its parent names');
    let node = fromRlp(encoded, 'hex');
    while (true) {
      if (node.length === 17) {
        if (path.length === 0) return node[16] === '0x' ? null : node[16];
        node = node[parseInt(path[0], 16)];
        path = path.slice(1);
      } else {
        const { nibbles, isLeaf } = decodePath(node[0]);
        if (!path.startsWith(nibbles)) return null;
        path = path.slice(nibbles.length);
        if (isLeaf) return path.length === 0 ? node[1] : null;
        node = node[1];
      }
      if (node === '0x') return null;
      if (typeof node === 'string') break;
    }
    expected = node;
  }
  if (nodes.length === 0 && root === keccak256('0x80')) return null;
  throw new Error('the proof ends before the key does');
}

/** Checks an answer of eth_getProof against a state root; throws where it does not hold. */
export function verifyAccount(stateRoot, proof) {
  const encoded = verifyProof(stateRoot, keccak256(proof.address), proof.accountProof);
  const expected = toRlp([quantity(proof.nonce), quantity(proof.balance), proof.storageHash, proof.codeHash]);
  if (encoded !== null && encoded !== expected) throw new Error('the account is not the one that the state root commits to');
  if (encoded === null && (BigInt(proof.balance) !== 0n || BigInt(proof.nonce) !== 0n)) throw new Error('the account does not exist');
  for (const slot of proof.storageProof) {
    const key = keccak256(pad(toHex(BigInt(slot.key)), { size: 32 }));
    const value = verifyProof(proof.storageHash, key, slot.proof);
    const stored = value === null ? 0n : hexToBigInt(fromRlp(value, 'hex'));
    if (stored !== BigInt(slot.value)) throw new Error('a slot is not the one that the storage root commits to');
  }
  return encoded !== null;
}

function quantity(value) {
  return BigInt(value) === 0n ? '0x' : toHex(BigInt(value));
}

function decodePath(encoded) {
  const digits = encoded.slice(2);
  const flag = parseInt(digits[0], 16);
  return { nibbles: digits.slice(flag & 1 ? 1 : 2), isLeaf: (flag & 2) !== 0 };
}
