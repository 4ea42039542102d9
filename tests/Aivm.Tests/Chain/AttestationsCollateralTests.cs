using Aivm.Chain;
using Aivm.Primitives;
using Aivm.Tests.Attestation.Fakes;
using static Aivm.Tests.Chain.AttestationsFixture;
using static Aivm.Tests.Chain.TestChain;

namespace Aivm.Tests.Chain;

/// <summary>Intel's collateral on the chain: verified once, kept by its subject, never rolled back.</summary>
public sealed class AttestationsCollateralTests : IDisposable
{
    private readonly TestChain _chain = Start();

    public void Dispose() => _chain.Dispose();

    [Fact]
    public void Collateral_is_kept_with_its_numbers_and_its_window()
    {
        var bundle = Bundle();
        var mined = _chain.Attest(Bob, Store(bundle));
        Assert.True(mined.Success);
        var log = Assert.Single(mined.Logs);
        Assert.Equal(AttestationsAbi.CollateralStored.Topic, log.Topics[0]);
        var (hash, size, numbers, from, until) = Read(log.Topics[1]);
        Assert.Equal((Keccak.Hash(bundle), (ulong)bundle.Length), (hash, size));
        Assert.Equal([FakeTime.Now - 86_400UL, 17, FakeTime.Now - 86_400UL, 17, 3, 3, FakeTime.Now - 86_400UL, FakeTime.Now - 86_400UL], numbers);
        Assert.Equal((FakeTime.Now - 86_400UL, FakeTime.Now + (30 * 86_400UL)), (from, until));
        Assert.Equal(bundle, _chain.Reader.HeadState.GetBlob(hash).ToArray());
        Assert.Equal(default, Read(Keccak.Hash("none"u8)).Hash);
        TestContext.Current.TestOutputHelper?.WriteLine($"{bundle.Length} bytes: {mined.GasUsed} gas");
    }

    [Theory]
    [InlineData(86_399, 16, 3)]
    [InlineData(86_400, 16, 3)]
    [InlineData(86_401, 17, 3)]
    [InlineData(86_400, 17, 2)]
    [InlineData(100, 18, 2)]
    public void What_is_behind_in_anything_is_refused(long age, int evaluation, int crl)
    {
        Assert.True(_chain.Attest(Bob, Store(Bundle())).Success);
        var (name, sentence) = _chain.Refused(Bob, Store(Bundle(age: age, evaluation: evaluation, crl: crl)));
        Assert.Equal("CollateralRefused", name);
        Assert.StartsWith("collateral-rollback", sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_ahead_replaces_it_and_sessions_need_it_from_then_on()
    {
        Assert.True(_chain.Attest(Bob, Store(Bundle())).Success);
        _chain.Open(Alice, _chain.Bind(Alice));
        var revoking = new FakeCollateral
        {
            Issued = FakeTime.Now - 86_399,
            CrlNumber = 4,
            PckCrl = FakePlatform.Authority.RevocationList(FakeTime.Now - 86_399, FakeTime.Now + (30 * FakeTime.Day), 4, [0x31]),
        };
        Assert.True(_chain.Attest(Bob, Store(revoking.Bundle())).Success);
        Assert.StartsWith("pck-revoked", _chain.Refused(Alice, _chain.Bind(Alice, nonce: "b").Encode()).Sentence, StringComparison.Ordinal);
    }

    /// <summary>
    /// Intel's lists are all of the number 1, and one with fewer revocations is shorter: were it taken for as new, a platform whose key is out would be good again.
    /// </summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_later_list_of_revocations_stays_whatever_the_lists_numbers_and_lengths(bool root)
    {
        byte[] With(long age, params byte[][] revoked)
        {
            var list = (root ? FakeRoots.Intel : FakePlatform.Authority).RevocationList(FakeTime.Now - age, FakeTime.Now + (30 * FakeTime.Day), 1, revoked);
            return (root ? new FakeCollateral { CrlNumber = 1, RootCrl = list } : new FakeCollateral { CrlNumber = 1, PckCrl = list }).Bundle();
        }

        var (earlier, later) = (With(86_400), With(86_399, [0x51], [0x52]));
        Assert.True(earlier.Length < later.Length);
        Assert.True(_chain.Attest(Bob, Store(earlier)).Success);
        Assert.True(_chain.Attest(Bob, Store(later)).Success);
        var (name, sentence) = _chain.Refused(Bob, Store(earlier));
        Assert.Equal("CollateralRefused", name);
        Assert.StartsWith("collateral-rollback", sentence, StringComparison.Ordinal);
        Assert.Equal("CollateralNotNewer", _chain.Refused(Bob, Store(later)).Name);
    }

    /// <summary>Whoever pads a bundle makes others pay for its length until somebody brings a shorter one.</summary>
    [Fact]
    public void What_is_as_new_replaces_it_where_it_is_shorter()
    {
        var bundle = Bundle();
        byte[] padded = [.. bundle[..^1], .. Enumerable.Repeat((byte)' ', 1000), bundle[^1]];
        Assert.True(_chain.Attest(Bob, Store(padded)).Success);
        Assert.True(_chain.Attest(Carol, Store(bundle)).Success);
        Assert.Equal("CollateralNotNewer", _chain.Refused(Bob, Store(padded)).Name);
        Assert.Equal("CollateralNotNewer", _chain.Refused(Bob, Store(bundle)).Name);
    }

    /// <summary>Nobody ends what is stored sooner by parts that are as new and run out before.</summary>
    [Fact]
    public void What_is_as_new_and_shorter_does_not_replace_what_is_valid_longer()
    {
        var bundle = Bundle();
        byte[] padded = [.. bundle[..^1], .. Enumerable.Repeat((byte)' ', 1000), bundle[^1]];
        Assert.True(_chain.Attest(Bob, Store(padded)).Success);
        var list = FakePlatform.Authority.RevocationList(FakeTime.Now - 86_400, FakeTime.Now + (29 * FakeTime.Day), 3);
        var ending = new FakeCollateral { PckCrl = list }.Bundle();
        Assert.True(ending.Length < padded.Length);
        Assert.Equal("CollateralNotNewer", _chain.Refused(Carol, Store(ending)).Name);
    }

    [Fact]
    public void Bundles_are_refused_by_name()
    {
        Assert.Equal("CollateralTooLong", _chain.Refused(Bob, Store(new byte[StoreCollateral.MaxBytes + 1])).Name);
        foreach (var (bundle, code) in new (byte[], string)[]
        {
            (new byte[StoreCollateral.MaxBytes], "collateral-malformed"),
            ([], "collateral-malformed"),
            ("{}"u8.ToArray(), "collateral-malformed"),
            (new FakeCollateral { QeIdentityId = "QE" }.Bundle(), "collateral-kind"),
            (Bundle()[..^1], "collateral-malformed"),
            (new FakeCollateral { NextUpdate = FakeTime.Now - 1 }.Bundle(), "crl-expired"),
            (new FakeCollateral { Issued = FakeTime.Now + 100 }.Bundle(), "crl-not-yet-valid"),
        })
        {
            var (name, sentence) = _chain.Refused(Bob, Store(bundle));
            Assert.Equal("CollateralRefused", name);
            Assert.StartsWith(code, sentence, StringComparison.Ordinal);
        }
    }

    /// <summary>The bundle is verified again for every use, at a time of its own window: that alone says nothing about the time of the use.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Stored_collateral_serves_to_the_last_second_of_its_window(bool caches)
    {
        using var chain = Start(caches: caches);
        var until = FakeTime.Now + 1000;
        Assert.True(chain.Attest(Bob, Store(new FakeCollateral { NextUpdate = until }.Bundle())).Success);
        chain.Mine(time: (ulong)until - 1);
        var call = chain.Bind(Alice);
        chain.Submit(chain.Sign(Alice, SystemContracts.Attestations, data: call.Encode(), gas: Gas));
        Assert.True(Assert.Single(chain.Mine(time: (ulong)until)).Success);
        chain.Mine(time: (ulong)until + 1);
        Assert.StartsWith("collateral-expired", chain.Refused(Alice, chain.Bind(Alice, nonce: "late").Encode()).Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void A_quote_of_another_family_or_another_TEE_needs_collateral_of_its_own()
    {
        Assert.StartsWith("collateral-missing", _chain.Refused(Alice, _chain.Bind(Alice).Encode()).Sentence, StringComparison.Ordinal);
        Assert.True(_chain.Attest(Bob, Store(Bundle())).Success);
        Assert.StartsWith("collateral-missing", _chain.Refused(Alice, _chain.Bind(Alice, "sgx").Encode()).Sentence, StringComparison.Ordinal);
        Assert.True(_chain.Attest(Bob, Store(new FakeCollateral { Platform = new FakePlatform { Fmspc = [1, 2, 3, 4, 5, 6] } }.Bundle())).Success);
        _chain.Open(Alice, _chain.Bind(Alice));
    }

    [Fact]
    public void A_write_in_a_static_frame_halts()
    {
        var context = new TransactionContext(
            _chain.Reader.OpenState(_chain.Reader.Head), BlockContext.Of(_chain.Genesis, _chain.Reader.Head.Header), new ModelCache(roots: FakeRoots.All), Alice.Address, Gwei);
        var result = MessageCall.Execute(context, CallTests.Frame(SystemContracts.Attestations, Store(Bundle()), CallKind.StaticCall, isStatic: true));
        Assert.Equal((CallStatus.Halted, "static-violation", 0UL), (result.Status, result.Error!.Code, result.GasLeft));
    }

    [Fact]
    public void Less_gas_than_it_takes_ends_the_call_with_all_of_it_gone()
    {
        var data = Store(Bundle());
        var needed = _chain.Call(Bob.Address, SystemContracts.Attestations, data).GasNeeded;
        foreach (var less in (ulong[])[IntrinsicGas.Of(data, []).Required, needed / 2, needed - 1])
        {
            var mined = _chain.Attest(Bob, data, less);
            Assert.Equal((false, less), (mined.Success, mined.GasUsed));
        }
        Assert.True(_chain.Attest(Bob, data, needed).Success);
    }

    private (Hash256 Hash, ulong Size, ulong[] Numbers, ulong From, ulong Until) Read(Hash256 key)
    {
        var call = AttestationsAbi.Collateral.BeginCall().WriteHash(key).ToArray();
        var reader = new AbiReader(_chain.Call(Alice.Address, SystemContracts.Attestations, call).Call.Output.Span);
        Assert.True(reader.TryReadHash(out var hash) & reader.TryReadUInt64(out var size));
        var rest = new ulong[10];
        for (var i = 0; i < rest.Length; i++)
            Assert.True(reader.TryReadUInt64(out rest[i]));
        Assert.True(reader.TryEnd());
        return (hash, size, rest[..8], rest[8], rest[9]);
    }
}
