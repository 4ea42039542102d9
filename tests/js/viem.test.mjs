import assert from 'node:assert/strict';
import test from 'node:test';
import {
  BaseError, ContractFunctionRevertedError, InsufficientFundsError, NonceTooLowError, TransactionNotFoundError, createPublicClient,
  createWalletClient, custom, getAddress, http, keccak256, parseAbi, parseEther, parseEventLogs, parseGwei, webSocket,
} from 'viem';
import { generatePrivateKey, mnemonicToAccount, privateKeyToAccount } from 'viem/accounts';
import { hardhat } from 'viem/chains';
import { MNEMONIC, MODELS, MODELS_ABI, MODEL_ABI, chunks, first, fixture, url, webSocketUrl } from './models.mjs';
import { verifyAccount } from './trie.mjs';

const abi = parseAbi(MODELS_ABI);
const modelAbi = parseAbi(MODEL_ABI);
const client = createPublicClient({ chain: hardhat, transport: http(url, { batch: true }), pollingInterval: 50 });
const accounts = [0, 1, 2].map((addressIndex) => mnemonicToAccount(MNEMONIC, { addressIndex }));
const wallets = accounts.map((account) => createWalletClient({ account, chain: hardhat, transport: http(url), pollingInterval: 50 }));
const [alice, bob, carol] = wallets;

const receiptOf = async (hash) => client.waitForTransactionReceipt({ hash: await hash });
const causeOf = async (promise, kind) => {
  const error = await promise.then(() => assert.fail('it should have failed'), (failure) => failure);
  const cause = error instanceof BaseError ? error.walk((inner) => inner instanceof kind) : null;
  assert.ok(cause, `expected ${kind.name}, got ${error}`);
  return cause;
};

test('the chain, its accounts and their balances', async () => {
  assert.equal(await client.getChainId(), 31337);
  assert.equal(await client.getBalance({ address: mnemonicToAccount(MNEMONIC, { addressIndex: 9 }).address }), parseEther('10000'));
  const unlocked = await createWalletClient({ chain: hardhat, transport: http(url) }).getAddresses();
  assert.deepEqual(unlocked, Array.from({ length: 10 }, (_, addressIndex) => mnemonicToAccount(MNEMONIC, { addressIndex }).address));
});

test('legacy, access-list and dynamic-fee transfers and their receipts', async () => {
  const to = privateKeyToAccount(generatePrivateKey()).address;
  const offers = [
    { type: 'legacy', gasPrice: parseGwei('3') },
    { type: 'eip2930', gasPrice: parseGwei('3'), accessList: [{ address: to, storageKeys: [keccak256('0x01')] }] },
    { type: 'eip1559' },
  ];
  for (const offer of offers) {
    const before = await client.getBalance({ address: alice.account.address });
    const receipt = await receiptOf(alice.sendTransaction({ to, value: parseEther('1'), ...offer }));
    assert.equal(receipt.status, 'success');
    assert.equal(receipt.type, offer.type);
    assert.equal(receipt.to, to.toLowerCase());
    assert.equal(receipt.gasUsed, offer.type === 'eip2930' ? 21000n + 2400n + 1900n : 21000n);
    const transaction = await client.getTransaction({ hash: receipt.transactionHash });
    assert.equal(transaction.type, offer.type);
    assert.equal(transaction.value, parseEther('1'));
    assert.equal(transaction.blockHash, receipt.blockHash);
    const after = await client.getBalance({ address: alice.account.address });
    assert.equal(before - after, parseEther('1') + receipt.gasUsed * receipt.effectiveGasPrice);
  }
  assert.equal(await client.getBalance({ address: to }), parseEther('3'));
});

test('blocks, by number, hash and tag, and the state at an old one', async () => {
  const receipt = await receiptOf(alice.sendTransaction({ to: bob.account.address, value: 7n }));
  const block = await client.getBlock({ blockHash: receipt.blockHash, includeTransactions: true });
  assert.equal(block.transactions[receipt.transactionIndex].hash, receipt.transactionHash);
  assert.equal(block.number, receipt.blockNumber);
  const parent = await client.getBlock({ blockNumber: block.number - 1n });
  assert.equal(block.parentHash, parent.hash);
  assert.ok(block.timestamp >= parent.timestamp);
  const balances = await Promise.all([block.number - 1n, block.number].map((blockNumber) =>
    client.getBalance({ address: bob.account.address, blockNumber })));
  assert.equal(balances[1] - balances[0], 7n);
  assert.equal((await client.getBlock({ blockTag: 'earliest' })).number, 0n);
  assert.equal(await client.getBlockTransactionCount({ blockHash: block.hash }), block.transactions.length);
  const history = await client.getFeeHistory({ blockCount: 4, rewardPercentiles: [25, 75] });
  assert.equal(history.baseFeePerGas.length, history.gasUsedRatio.length + 1);
  await causeOf(client.getTransaction({ hash: keccak256('0x1234') }), TransactionNotFoundError);
});

test('an account that the node has unlocked sends without a local key', async () => {
  const remote = createWalletClient({ account: accounts[2].address, chain: hardhat, transport: custom({ request: http(url)({ chain: hardhat }).request }) });
  const receipt = await receiptOf(remote.sendTransaction({ to: alice.account.address, value: 5n }));
  assert.equal(getAddress(receipt.from), carol.account.address);
});

test('refused transactions become the errors that viem knows', async () => {
  const poor = createWalletClient({ account: privateKeyToAccount(generatePrivateKey()), chain: hardhat, transport: http(url) });
  await causeOf(poor.sendTransaction({ to: alice.account.address, value: 1n }), InsufficientFundsError);
  await causeOf(poor.sendTransaction({ to: alice.account.address, value: 1n, gas: 21000n, maxFeePerGas: parseGwei('2') }), InsufficientFundsError);
  await causeOf(
    alice.sendTransaction({ to: bob.account.address, value: 1n, nonce: 0, gas: 21000n }), NonceTooLowError);
});

test('eth_getProof holds against the block\'s state root', async () => {
  await receiptOf(alice.sendTransaction({ to: bob.account.address, value: 1n }));
  const block = await client.getBlock();
  const proof = await client.getProof({ address: alice.account.address, storageKeys: [], blockNumber: block.number });
  assert.ok(verifyAccount(block.stateRoot, proof));
  const nobody = await client.getProof({ address: privateKeyToAccount(generatePrivateKey()).address, storageKeys: [], blockNumber: block.number });
  assert.ok(!verifyAccount(block.stateRoot, nobody));
  const forged = { ...proof, balance: proof.balance + 1n };
  assert.throws(() => verifyAccount(block.stateRoot, forged));
});

test('new heads and pending transactions arrive by WebSocket', async () => {
  const socket = createPublicClient({ chain: hardhat, transport: webSocket(webSocketUrl) });
  const head = first((onBlock) => socket.watchBlocks({ onBlock }));
  const pending = first((onTransactions) => socket.watchPendingTransactions({ onTransactions }));
  await socket.getBlockNumber();
  await new Promise((resolve) => setTimeout(resolve, 200));
  const hash = await alice.sendTransaction({ to: bob.account.address, value: 1n });
  assert.deepEqual(await pending, [hash]);
  const receipt = await receiptOf(hash);
  assert.ok((await head).number <= receipt.blockNumber);
  await (await socket.transport.getRpcClient()).close();
});

test('a call that reverts tells its custom error', async () => {
  const name = `${alice.account.address.toLowerCase()}/nothing`;
  const cause = await causeOf(
    client.readContract({ address: MODELS, abi, functionName: 'resolve', args: [name] }), ContractFunctionRevertedError);
  assert.equal(cause.data?.errorName, 'ModelNotFound');
  assert.deepEqual(cause.data?.args, [name]);
});

test('a model is published in chunks, called, and paid for', { skip: fixture === null }, async () => {
  const { container, packed, input, output } = fixture;
  const publisher = alice.account.address.toLowerCase();
  const hash = keccak256(container);
  const size = (container.length - 2) / 2;
  const price = parseGwei('5');
  const write = (wallet, functionName, args, value) => receiptOf(wallet.writeContract({ address: MODELS, abi, functionName, args, value }));

  const deposit = await client.readContract({ address: MODELS, abi, functionName: 'depositFor', args: [size] });
  await write(alice, 'begin', [hash, size], deposit);
  for (const { offset, data } of chunks(container, Math.ceil(size / 3)))
    await write(alice, 'chunk', [hash, offset, data]);
  const sealed = await write(alice, 'seal', [hash, 'tiny-viem', '{"by":"viem"}', price]);
  assert.equal(sealed.status, 'success');
  const [published] = parseEventLogs({ abi, logs: sealed.logs, eventName: 'ModelPublished' });
  const { model } = published.args;
  assert.equal(await client.readContract({ address: MODELS, abi, functionName: 'resolve', args: [`${publisher}/tiny-viem`] }), model);
  assert.equal((await client.getCode({ address: model })).slice(0, 6), '0xefa1');

  const expected = output.map(BigInt);
  assert.deepEqual(await client.readContract({ address: model, abi: modelAbi, functionName: 'infer', args: [input.map(BigInt)] }), expected);
  assert.deepEqual(await client.readContract({ address: model, abi: modelAbi, functionName: 'inferPacked', args: [packed] }), expected);
  assert.ok(JSON.parse(await client.readContract({ address: model, abi: modelAbi, functionName: 'describe' })));

  const inferred = await write(bob, 'infer', [model, packed], price);
  const [event] = parseEventLogs({ abi, logs: inferred.logs, eventName: 'Inferred' });
  assert.deepEqual(event.args.output, expected);
  assert.equal(getAddress(event.args.payer), bob.account.address);
  assert.equal(
    await client.readContract({ address: MODELS, abi, functionName: 'receiptHeight', args: [event.args.receiptId] }), inferred.blockNumber);
  const found = await client.getContractEvents({ address: MODELS, abi, eventName: 'Inferred', args: { model }, fromBlock: 0n });
  assert.deepEqual(found.map((log) => log.transactionHash), [inferred.transactionHash]);

  const cheap = await causeOf(
    client.simulateContract({ account: bob.account, address: MODELS, abi, functionName: 'infer', args: [model, packed], value: 1n }),
    ContractFunctionRevertedError);
  assert.equal(cheap.data?.errorName, 'InsufficientPayment');
  assert.deepEqual(cheap.data?.args, [price, 1n]);

  const block = await client.getBlock();
  const proof = await client.getProof({ address: MODELS, storageKeys: [`0x${'00'.repeat(31)}06`], blockNumber: block.number });
  assert.ok(verifyAccount(block.stateRoot, proof));
  assert.ok(proof.storageProof[0].value >= 1n);
});
