// What every client needs to talk to the Models contract (docs/spec/models-contract.md), as human-readable ABI.
import { readFileSync } from 'node:fs';

export const MODELS = '0x000000000000000000000000000000000000A100';
export const MNEMONIC = 'test test test test test test test test test test test junk';

export const MODELS_ABI = [
  'function begin(bytes32 hash, uint32 size) payable',
  'function chunk(bytes32 hash, uint32 offset, bytes data)',
  'function seal(bytes32 hash, string name, string metadata, uint256 price) returns (address model)',
  'function infer(address model, bytes input) payable returns (int64[] output, bytes32 receiptId)',
  'function resolve(string name) view returns (address model)',
  'function gasOf(address model) view returns (uint64 gas)',
  'function priceOf(address model) view returns (uint256 price)',
  'function depositFor(uint32 size) pure returns (uint256 deposit)',
  'function receiptHeight(bytes32 receiptId) view returns (uint64 height)',
  'event UploadStarted(address indexed publisher, bytes32 indexed hash, uint32 size, uint256 deposit, uint64 expiresAt)',
  'event ChunkStored(address indexed publisher, bytes32 indexed hash, uint32 offset, uint32 length)',
  'event ModelPublished(address indexed model, address indexed publisher, bytes32 indexed hash, string name, uint32 version, uint256 price, uint64 gas)',
  'event Inferred(address indexed model, address indexed payer, bytes32 indexed receiptId, int64[] output, bytes receipt)',
  'error InsufficientPayment(uint256 price, uint256 value)',
  'error ModelNotFound(string name)',
  'error UploadNotFound(bytes32 hash)',
];

export const MODEL_ABI = [
  'function infer(int64[] input) returns (int64[] output)',
  'function inferPacked(bytes input) returns (int64[] output)',
  'function describe() view returns (string json)',
  'error InvalidInput(string code, string reason)',
];

/** The node under test. */
export const url = process.env.AIVM_URL;

export const webSocketUrl = url.replace(/^http/, 'ws');

/** A small model: its container, an input as packed bytes and as integers, and the output that the library computed for it. */
export const fixture = process.env.AIVM_MODEL ? JSON.parse(readFileSync(process.env.AIVM_MODEL, 'utf8')) : null;

/** Splits 0x-hexadecimal into pieces of at most `size` bytes. */
export function chunks(hex, size) {
  const digits = hex.slice(2);
  const pieces = [];
  for (let start = 0; start < digits.length; start += 2 * size)
    pieces.push({ offset: start / 2, data: `0x${digits.slice(start, start + 2 * size)}` });
  return pieces;
}

/** Resolves with the first value that `subscribe` passes on, and fails after ten seconds. */
export function first(subscribe) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('no event within ten seconds')), 10_000);
    subscribe((value) => {
      clearTimeout(timer);
      resolve(value);
    });
  });
}
