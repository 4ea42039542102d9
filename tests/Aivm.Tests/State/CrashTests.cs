using System.Diagnostics;
using Aivm.CrashWriter;
using Aivm.Primitives;
using Aivm.State;

namespace Aivm.Tests.State;

/// <summary>
/// A process that commits blocks is killed (SIGKILL) at random moments, again and again over the same directory. $AIVM_KILL_COUNT sets
/// how often, $AIVM_KILL_SEED when.
/// </summary>
public sealed class CrashTests
{
    [Fact]
    public async Task A_killed_writer_loses_no_acknowledged_block_and_leaves_a_whole_store()
    {
        var kills = Number("AIVM_KILL_COUNT", 50);
        var random = new Random(Number("AIVM_KILL_SEED", 1));
        using var directory = new TemporaryDirectory();
        var model = new Model();
        for (var kill = 0; kill < kills; kill++)
        {
            var acknowledged = await RunAndKillAsync(directory["data"], random);
            using var store = RocksDbStore.Open(directory["data"]);
            var (head, root) = Head.Read(store);
            Assert.True(head >= acknowledged, $"kill {kill}: block {acknowledged} was acknowledged, the store has {head}");
            Assert.True(head >= model.Number, $"kill {kill}: an earlier run had block {model.Number}, the store has {head}");
            model.Advance(head);
            model.AssertIs(new StateReader(new StateDatabase(store), root));
            if (head > 0)
                AssertReadable(store, (ulong)random.NextInt64(1, (long)head + 1));
            Assert.Null(Head.RootOf(store, head + 1));
        }
        Assert.True(model.Number > (ulong)kills / 2, $"only {model.Number} blocks were written");
    }

    /// <returns>The last block that the writer acknowledged.</returns>
    private static async Task<ulong> RunAndKillAsync(string directory, Random random)
    {
        var writer = Path.Combine(AppContext.BaseDirectory, "Aivm.CrashWriter.dll");
        using var process = Process.Start(new ProcessStartInfo("dotnet", [writer, directory]) { RedirectStandardOutput = true })!;
        // Mostly after some blocks, sometimes while the store opens, recovers what the last kill left, or the process starts.
        var blocks = random.Next(0, 12);
        var delay = blocks == 0 ? random.Next(0, 400) : random.Next(0, 20);
        var acknowledged = 0ul;
        for (var i = 0; i < blocks && await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) is { } line; i++)
            acknowledged = Parse(line);
        await Task.Delay(delay, TestContext.Current.CancellationToken);
        process.Kill();
        var rest = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(128 + 9, process.ExitCode);
        // Only whole lines: the last one may be cut.
        foreach (var line in rest.Split('\n')[..^1])
            acknowledged = Parse(line);
        return acknowledged;

        static ulong Parse(string line) => ulong.Parse(line.Replace("opened ", "", StringComparison.Ordinal));
    }

    private static void AssertReadable(IKeyValueStore store, ulong number)
    {
        var reader = new StateReader(new StateDatabase(store), Head.RootOf(store, number)!.Value);
        foreach (var (_, account) in reader.EnumerateAccounts())
        {
            reader.GetBlob(account.CodeHash);
            Assert.All(reader.EnumerateStorage(account), slot => Assert.False(slot.Value.IsZero));
        }
    }

    private static int Number(string variable, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), out var number) ? number : otherwise;

    /// <summary>What the blocks up to a number leave behind, in dictionaries.</summary>
    private sealed class Model
    {
        private readonly Dictionary<Address, (ulong Coins, Hash256 CodeHash, Dictionary<ulong, ulong> Slots)> _accounts = [];

        public ulong Number { get; private set; }

        public void Advance(ulong number)
        {
            while (Number < number)
            {
                foreach (var change in BlockChanges.Of(++Number))
                    Apply(change);
            }
        }

        public void AssertIs(StateReader reader)
        {
            var accounts = _accounts.Select(pair => (Key: Keccak.Hash(pair.Key.Span), pair.Value)).OrderBy(pair => pair.Key).ToList();
            var stored = reader.EnumerateAccounts().ToList();
            Assert.Equal(accounts.Select(pair => pair.Key), stored.Select(pair => pair.Key));
            foreach (var ((_, expected), (_, actual)) in accounts.Zip(stored))
            {
                Assert.Equal(expected.Coins, actual.Balance);
                Assert.Equal(expected.CodeHash, actual.CodeHash);
                Assert.Equal(expected.CodeHash, Keccak.Hash(reader.GetBlob(actual.CodeHash).Span));
                Assert.Equal(
                    expected.Slots.Where(slot => slot.Value != 0)
                        .Select(slot => KeyValuePair.Create(Keccak.Hash(new UInt256(slot.Key).ToHash256().Span), new UInt256(slot.Value)))
                        .OrderBy(slot => slot.Key),
                    reader.EnumerateStorage(actual));
            }
        }

        private void Apply(StateChange change)
        {
            var known = _accounts.GetValueOrDefault(change.Account, (0, Account.EmptyCodeHash, []));
            known.Coins += change.Coins;
            known.Slots[change.Slot] = change.Value;
            if (change.Code is not null)
                known.CodeHash = Keccak.Hash(change.Code);
            _accounts[change.Account] = known;
        }
    }
}
