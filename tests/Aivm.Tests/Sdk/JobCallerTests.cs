using System.Text.Json.Nodes;
using Aivm.Primitives;
using Aivm.Sdk;

namespace Aivm.Tests.Sdk;

public sealed class JobCallerTests
{
    private const long Start = 1_000_000;

    private readonly FakeTime _time = new();

    [Fact]
    public void A_job_is_ended_when_the_chain_is_past_its_time_and_its_block_and_not_again_for_a_while()
    {
        var expiry = new JobExpiry(_time);
        var job = Job(dueTime: Start, dueHeight: 10);
        Assert.False(expiry.IsNow(job, Head(number: 9, time: Start + 1)));
        Assert.False(expiry.IsNow(job, Head(number: 10, time: Start)));
        Assert.True(expiry.IsNow(job, Head(number: 10, time: Start + 1)));
        _time.Pass(9);
        Assert.False(expiry.IsNow(job, Head(number: 20, time: Start + 9)));
        _time.Pass(1);
        Assert.True(expiry.IsNow(job, Head(number: 21, time: Start + 10)));
    }

    [Fact]
    public void Where_no_block_comes_the_wall_clock_counts()
    {
        var expiry = new JobExpiry(_time);
        var job = Job(dueTime: Start + 1, dueHeight: 10);
        Assert.False(expiry.IsNow(job, Head(number: 5, time: Start)));
        _time.Pass(2);
        Assert.False(expiry.IsNow(job, Head(number: 6, time: Start)));
        _time.Pass(2);
        Assert.False(expiry.IsNow(job, Head(number: 6, time: Start)));
        _time.Pass(1);
        Assert.True(expiry.IsNow(job, Head(number: 6, time: Start)));
    }

    [Fact]
    public async Task A_node_that_is_away_for_a_moment_is_waited_for_and_one_that_stays_away_is_named_with_the_job()
    {
        var asked = 0;
        var reached = new JobCaller(WalletOf(() => ++asked < 4 ? throw new HttpRequestException("refused") : (byte)JobEnd.Late));
        var late = await Assert.ThrowsAsync<AivmException>(() => reached.WaitAsync(7, 0, cancellation: TestContext.Current.CancellationToken));
        Assert.Equal(("job-late", 4), (late.Error.Code, asked));

        var lost = new JobCaller(WalletOf(() => throw new HttpRequestException("refused"))) { NodePatience = TimeSpan.FromMilliseconds(300) };
        var unknown = await Assert.ThrowsAsync<AivmException>(() => lost.WaitAsync(7, 0, cancellation: TestContext.Current.CancellationToken));
        Assert.Equal("node-unreachable", unknown.Error.Code);
        Assert.Contains("job 7 ", unknown.Message);
    }

    [Theory]
    [InlineData(-1, 0)]
    [InlineData(60, 120)]
    public async Task Nothing_is_sealed_to_a_session_that_has_expired_by_the_wall_clock_or_the_chains(int secondsLeft, int chainAhead)
    {
        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        var session = new AbiWriter(7).WriteAddress(JobsInterface.Contract).WriteUInt((ulong)JobEvidence.Attested).WriteUInt(0UL)
            .WriteUInt((ulong)(now + secondsLeft)).WriteHash(default).WriteHash(default).WriteHash(default).ToArray();
        var caller = new JobCaller(new Wallet(
            StubNode.Client((method, _) => method switch
            {
                "eth_call" => Hex.Encode(session),
                "eth_getBlockByNumber" => new JsonObject
                {
                    ["number"] = "0x1",
                    ["hash"] = Hash256.Zero.ToString(),
                    ["parentHash"] = Hash256.Zero.ToString(),
                    ["timestamp"] = new UInt256((ulong)(now + chainAhead)).ToHexQuantity(),
                },
                _ => throw new StubNode.Refusal(-32601, method),
            }),
            UInt256.One.ToHash256().Span));
        var request = new JobRequest(default, JobEvidence.Attested, 0, new byte[1]);
        var error = await Assert.ThrowsAsync<AivmException>(
            () => caller.SealAsync(request, new JobQuote(default, default, default, default, default), TestContext.Current.CancellationToken));
        Assert.Equal("session-missing", error.Error.Code);
    }

    [Fact]
    public async Task Logs_that_no_contract_made_are_passed_over()
    {
        using var rpc = StubNode.Client((_, _) => new JsonArray(new JsonObject
        {
            ["address"] = JobsInterface.Contract.ToString(),
            ["topics"] = new JsonArray(JobsInterface.JobOffered.Topic.ToString(), Keccak.Hash([1]).ToString(), Hash256.Zero.ToString()),
            ["data"] = "0x",
            ["blockNumber"] = "0x1",
            ["transactionHash"] = Hash256.Zero.ToString(),
        }));
        Assert.Empty(await new JobsClient(rpc).GetOffersAsync(Address.Zero, 0, 1, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_young_job_is_looked_for_from_the_latest_block_back_to_genesis()
    {
        List<(string From, string To)> windows = [];
        using var rpc = StubNode.Client((method, parameters) =>
        {
            if (method == "eth_blockNumber")
                return "0x4e20";
            windows.Add(((string)parameters[0]!["fromBlock"]!, (string)parameters[0]!["toBlock"]!));
            return new JsonArray();
        });
        Assert.Null(await new JobsClient(rpc).FindLatestRequestAsync(7, TestContext.Current.CancellationToken));
        Assert.Equal([("0x2711", "0x4e20"), ("0x1", "0x2710"), ("0x0", "0x0")], windows);
    }

    /// <summary>Of a node whose job 7 has ended so.</summary>
    private static Wallet WalletOf(Func<byte> end) => new(
        StubNode.Client((_, _) => Hex.Encode(
            new AbiWriter(15).WriteAddress(default).WriteUInt((ulong)JobState.Ended).WriteUInt(3UL).WriteUInt(0UL).WriteUInt((ulong)end()).WriteAddress(default)
                .WriteAddress(default).WriteUInt(0UL).WriteUInt(0UL).WriteUInt(0UL).WriteUInt(0UL).WriteUInt(0UL).WriteHash(default).WriteHash(default)
                .WriteHash(default).ToArray())),
        UInt256.One.ToHash256().Span);

    private static JobStatus Job(long dueTime, ulong dueHeight) => new(
        7, default, JobState.Accepted, JobEvidence.Staked, JobInputKind.Public, JobEnd.None, default, default, default, default, 0, (ulong)dueTime, dueHeight,
        default, default, default);

    private static ChainHead Head(ulong number, long time) => new(number, default, default, (ulong)time);

    private sealed class FakeTime : TimeProvider
    {
        private long _passed;

        public override long TimestampFrequency => 1;

        public void Pass(long seconds) => _passed += seconds;

        public override long GetTimestamp() => _passed;

        public override DateTimeOffset GetUtcNow() => DateTimeOffset.FromUnixTimeSeconds(Start + _passed);
    }
}
