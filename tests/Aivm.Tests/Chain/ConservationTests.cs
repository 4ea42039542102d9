using Aivm.Chain;
using Aivm.Primitives;
using CsCheck;
using static Aivm.Tests.Chain.ModelsFixture;
using static Aivm.Tests.Chain.TestChain;

namespace Aivm.Tests.Chain;

public class ConservationTests
{
    private static readonly TestAccount[] Accounts = [Alice, Bob, Carol];

    [Fact]
    public void Coins_are_only_ever_moved_or_burned_with_the_base_fee()
    {
        var step = Gen.Select(Gen.Int[0, 2], Gen.Int[0, 7], Gen.UInt[0, 3000], Gen.Int[0, 3]);
        Gen.Select(Gen.Int[0, 10_000], step.Array[1, 25]).Sample(
            (feeBps, steps) =>
            {
                using var chain = new TestChain(DefaultGenesis with { NetworkFeeBps = (ushort)feeBps });
                var model = chain.Publish(Alice, ModelsFixture.Container(), price: 1234);
                var burned = Burned(chain);
                foreach (var (account, action, amount, blocks) in steps)
                {
                    Act(chain, model, Accounts[account], action, amount);
                    for (var i = 0; i < blocks; i++)
                        chain.Mine();
                }
                chain.Mine();
                return chain.Supply() + Burned(chain) == Coin * 3000 && burned <= Burned(chain);
            },
            iter: 20,
            seed: "0000KOIg3jt9");
    }

    private static void Act(TestChain chain, Address model, TestAccount from, int action, uint amount)
    {
        var hash = Keccak.Hash([(byte)(amount % 3)]);
        var transaction = action switch
        {
            0 => chain.Sign(from, Nobody, amount),
            1 => chain.Sign(from, Bob.Address, Coin * amount),
            2 => chain.Models(from, Infer(model, 1, amount), value: amount),
            3 => chain.Models(from, Begin(hash, 10), Deposit(10)),
            4 => chain.Models(from, Reclaim(from.Address, hash)),
            5 => chain.Sign(from, model, amount, ModelInfer(1, 2), Gas),
            6 => chain.Models(from, ModelsAbi.SetPrice.BeginCall().WriteAddress(model).WriteUInt(amount).ToArray()),
            _ => chain.Models(from, Infer(model, 1), value: amount),
        };
        chain.App.Pool.TryAdd(transaction, out _);
    }

    private static UInt256 Burned(TestChain chain)
    {
        var burned = UInt256.Zero;
        for (var number = 1UL; number <= chain.Reader.Head.Number; number++)
        {
            Assert.True(chain.Reader.TryGetHeader(number, out var header));
            burned += header.Header.BaseFee * header.Header.GasUsed;
        }
        return burned;
    }
}
