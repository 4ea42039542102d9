using Aivm.Primitives;
using Aivm.State;

namespace Aivm.Chain;

/// <param name="Blocks">How many were executed again, block 0 not counted.</param>
/// <param name="Mismatch">The first block that came out differently; null when all are equal.</param>
public sealed record ReplayResult(ulong Blocks, ulong? Mismatch)
{
    public bool IsEqual => Mismatch is null;
}

/// <summary>Executes a chain again from its genesis in a second application and compares the header of every block, and so its roots.</summary>
public static class Replay
{
    /// <param name="target">An empty store.</param>
    /// <param name="progress">Told the height after each block.</param>
    public static ReplayResult Run(ChainReader source, IKeyValueStore target, IProgress<ulong>? progress = null)
    {
        var application = new Application(target);
        var head = source.Head.Number;
        source.TryGetHeader(0, out var first);
        var start = application.InitChain(new InitChainRequest(source.Genesis.Time, "", GenesisFile.Write(source.Genesis)));
        if (start.AppHash != first!.Hash)
            return new ReplayResult(0, Mismatch: 0);
        for (var height = 1UL; height <= head; height++)
        {
            source.TryGetHeader(height, out var expected);
            var txs = source.GetTransactions(expected!).Select(mined => mined.Transaction.Encoded).ToArray();
            var block = application.FinalizeBlock(
                new FinalizeBlockRequest(height, expected!.Header.Time, expected.Header.Coinbase, Hash256.Zero, txs));
            if (block.AppHash != expected.Hash)
                return new ReplayResult(height - 1, Mismatch: height);
            application.Commit();
            progress?.Report(height);
        }
        return new ReplayResult(head, Mismatch: null);
    }
}
