using System.Collections.Concurrent;
using CsCheck;

namespace Aivm.Tests.Chain.Jobs;

/// <summary>
/// Random interleavings of everybody's actions and of time, on the chain and on <see cref="MarketModel"/>: the same transactions succeed, every job, every
/// record and every balance is the same after every block, no coin is made or lost, at last every job has ended, and a node that replays the chain finds
/// the same roots.
/// </summary>
public class MarketModelTests
{
    private static readonly Gen<MarketAction> Actions = Gen.Frequency(
        (5, MarketAction.Request), (5, MarketAction.Accept), (1, MarketAction.Decline), (1, MarketAction.Cancel), (5, MarketAction.Submit),
        (2, MarketAction.Challenge), (1, MarketAction.Expire), (1, MarketAction.AddStake), (1, MarketAction.Unbond), (1, MarketAction.Withdraw),
        (2, MarketAction.SetPrice), (1, MarketAction.WithdrawAsk), (1, MarketAction.Configure));

    private static readonly Gen<MarketStep> Steps = Gen.Select(
        Actions, Gen.Int[0, 5], Gen.Int[0, 5], Gen.Int[0, 11], (action, who, which, how) => new MarketStep(action, who, which, how));

    private static readonly Gen<MarketBlock> Blocks = Gen.Select(
        Gen.Frequency((8, Gen.Int[0, 3]), (2, Gen.Int[0, 40]), (1, Gen.Int[0, 400])), Steps.Array[0, 3], (seconds, steps) => new MarketBlock(seconds, steps));

    /// <remarks>Each of these happens in one sample in six at least: that 100 have none of it happens once in 10^8.</remarks>
    [Fact]
    public void Every_interleaving_gives_what_the_specification_says()
    {
        var happened = new ConcurrentDictionary<string, int>();
        Blocks.Array[20, 60].Sample(
            blocks =>
            {
                using var run = new MarketRun();
                run.Play(blocks);
                foreach (var what in run.Happened())
                    happened.AddOrUpdate(what, 1, (_, count) => count + 1);
            },
            iter: 100);
        Assert.Equal(
            [
                "Cancelled", "Late", "NoProvider", "Settled", "Wrong", "a callback failed", "a proof settled", "a provider was struck", "a signature settled",
                "a slow answer",
            ],
            happened.Keys.Order(StringComparer.Ordinal));
    }
}
