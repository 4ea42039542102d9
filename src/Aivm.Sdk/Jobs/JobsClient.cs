using System.Runtime.CompilerServices;
using Aivm.Primitives;

namespace Aivm.Sdk;

/// <summary>The Jobs contract, for callers, providers, and those who watch them.</summary>
public sealed class JobsClient(RpcClient rpc)
{
    /// <summary>What a request would cost now, and who would take it.</summary>
    /// <exception cref="RpcException">Nobody would, and why.</exception>
    public async Task<JobQuote> QuoteAsync(JobRequest request, CancellationToken cancellation = default)
    {
        var data = JobsInterface.Quote.BeginCall()
            .WriteAddress(request.Model).WriteUInt((ulong)request.Evidence).WriteUInt(request.Deadline).WriteUInt((ulong)request.MinReputation)
            .WriteAddress(request.Provider ?? default).WriteUInt(request.CallbackGas).ToArray();
        var reader = new AbiReader(await rpc.CallAsync(new CallRequest { To = JobsInterface.Contract, Data = data }, cancellation));
        return reader.TryReadAddress(out var provider) && reader.TryReadUInt256(out var price) && reader.TryReadUInt256(out var modelPrice)
            && reader.TryReadUInt256(out var stipend) && reader.TryReadUInt256(out var total) && reader.TryEnd()
            ? new JobQuote(provider, price, modelPrice, stipend, total)
            : throw ModelsClient.Malformed(JobsInterface.Quote);
    }

    public async Task<JobStatus> GetAsync(ulong job, CancellationToken cancellation = default)
    {
        var data = JobsInterface.Job.BeginCall().WriteUInt(job).ToArray();
        var reader = new AbiReader(await rpc.CallAsync(new CallRequest { To = JobsInterface.Contract, Data = data }, cancellation));
        return reader.TryReadAddress(out var caller) && reader.TryReadUInt64(out var state) && reader.TryReadUInt64(out var evidence)
            && reader.TryReadUInt64(out var inputKind) && reader.TryReadUInt64(out var end) && reader.TryReadAddress(out var model)
            && reader.TryReadAddress(out var provider) && reader.TryReadUInt256(out var price) && reader.TryReadUInt256(out var locked)
            && reader.TryReadUInt64(out var deadline) && reader.TryReadUInt64(out var dueTime) && reader.TryReadUInt64(out var dueHeight)
            && reader.TryReadHash(out var commitment) && reader.TryReadHash(out var outputHash) && reader.TryReadHash(out var receiptId) && reader.TryEnd()
            ? new JobStatus(
                job, caller, (JobState)state, (JobEvidence)evidence, (JobInputKind)inputKind, (JobEnd)end, model, provider, price, locked, deadline, dueTime,
                dueHeight, commitment, outputHash, receiptId)
            : throw ModelsClient.Malformed(JobsInterface.Job);
    }

    // A proof of 200 kB as calldata, the largest callback that may have been paid for, receipt and payment.
    private const ulong GasBesideVerification = 8_000_000;
    private const ulong GasPerInputByte = 40;

    /// <summary>Whether a transaction that answers with a proof has room for its verification, and for all that comes with it.</summary>
    /// <param name="verificationGas">As <see cref="ProofsClient.GetVerificationGasAsync"/> has it.</param>
    /// <param name="inputBytes">Packed.</param>
    public static bool HasRoomForProof(ulong verificationGas, int inputBytes) =>
        verificationGas <= Wallet.MaxTransactionGas - GasBesideVerification && (ulong)inputBytes * GasPerInputByte <= Wallet.MaxTransactionGas - GasBesideVerification - verificationGas;

    public async Task<ulong> CountAsync(CancellationToken cancellation = default)
    {
        var reader = new AbiReader(await rpc.CallAsync(
            new CallRequest { To = JobsInterface.Contract, Data = JobsInterface.JobCount.BeginCall().ToArray() }, cancellation));
        return reader.TryReadUInt64(out var count) && reader.TryEnd() ? count : throw ModelsClient.Malformed(JobsInterface.JobCount);
    }

    /// <summary>A transaction that locks the funds; what is over goes back when the job ends.</summary>
    /// <param name="value">Wei: the most that the job may cost.</param>
    public static TransactionRequest Request(JobRequest request, UInt256 value) => new()
    {
        To = JobsInterface.Contract,
        Value = value,
        Data = JobsInterface.Request.BeginCall()
            .WriteAddress(request.Model).WriteUInt((ulong)request.Evidence).WriteUInt(request.Deadline).WriteUInt((ulong)request.MinReputation)
            .WriteAddress(request.Provider ?? default).WriteUInt((ulong)request.InputKind).WriteHash(request.Commitment).WriteBytes(request.Input.Span)
            .WriteAddress(request.Callback ?? default).WriteUInt(request.CallbackGas).ToArray(),
    };

    public static TransactionRequest Cancel(ulong job) => Send(JobsInterface.Cancel.BeginCall().WriteUInt(job));

    public static TransactionRequest Accept(ulong job) => Send(JobsInterface.Accept.BeginCall().WriteUInt(job));

    /// <param name="reason">For people; at most 256 bytes.</param>
    public static TransactionRequest Decline(ulong job, string reason) => Send(JobsInterface.Decline.BeginCall().WriteUInt(job).WriteString(reason));

    public static TransactionRequest Expire(ulong job) => Send(JobsInterface.Expire.BeginCall().WriteUInt(job));

    public static TransactionRequest Submit(ulong job, ReadOnlyMemory<byte> output, ReadOnlyMemory<byte> evidence) =>
        Send(JobsInterface.Submit.BeginCall().WriteUInt(job).WriteBytes(output.Span).WriteBytes(evidence.Span));

    public static TransactionRequest ChallengeByReplay(ulong job, Hash256 salt, ReadOnlyMemory<byte> input) =>
        Send(JobsInterface.ChallengeByReplay.BeginCall().WriteUInt(job).WriteHash(salt).WriteBytes(input.Span));

    /// <param name="proof">Bound to <see cref="ProofContext"/> of whoever sends it.</param>
    public static TransactionRequest ChallengeByProof(
        ulong job, Hash256 salt, ReadOnlyMemory<byte> input, ReadOnlyMemory<long> outputs, Hash256 weightRoot, ReadOnlyMemory<byte> proof) => Send(
        JobsInterface.ChallengeByProof.BeginCall()
            .WriteUInt(job).WriteHash(salt).WriteBytes(input.Span).WriteInt64Array(outputs.Span).WriteHash(weightRoot).WriteBytes(proof.Span));

    /// <summary>What a proof for a job has to be bound to: a copy is worth nothing for another job, or in the hands of another.</summary>
    public static Hash256 ProofContext(ulong chainId, ulong job, Address shower) => ProofsInterface.ContextOf(
        chainId, JobsInterface.Contract, Keccak.Hash(new AbiWriter(2).WriteUInt(job).WriteAddress(shower).ToArray()));

    public static byte[] ProofEvidence(ReadOnlySpan<byte> input, Hash256 weightRoot, ReadOnlySpan<byte> proof) =>
        new AbiWriter(3).WriteBytes(input).WriteHash(weightRoot).WriteBytes(proof).ToArray();

    /// <param name="signature">Of an <see cref="AnswerStatement"/>, 65 bytes.</param>
    public static byte[] SignedEvidence(ulong height, Hash256 outputHash, ReadOnlySpan<byte> signature) =>
        new AbiWriter(3).WriteUInt(height).WriteHash(outputHash).WriteBytes(signature).ToArray();

    /// <summary>The number that a successful request got.</summary>
    /// <exception cref="AivmException"><c>node-answer-invalid</c>.</exception>
    public static ulong ReadJob(TransactionReceipt receipt) =>
        receipt.Logs.Select(TryReadRequest).FirstOrDefault(request => request is not null)?.Job ?? throw ModelsClient.Malformed(JobsInterface.Request);

    /// <summary>What was asked; null where the chain has no such job from this block on.</summary>
    public async Task<RequestedJob?> FindRequestAsync(ulong job, ulong fromBlock, CancellationToken cancellation = default) =>
        await FindRequestAsync(job, await WindowsFromAsync(fromBlock, cancellation), cancellation);

    /// <summary>As <see cref="FindRequestAsync(ulong, ulong, CancellationToken)"/>, from the latest block back: soon done for a young job.</summary>
    public async Task<RequestedJob?> FindLatestRequestAsync(ulong job, CancellationToken cancellation = default) =>
        await FindRequestAsync(job, LogWindows.Back(await rpc.GetBlockNumberAsync(cancellation)), cancellation);

    /// <summary>What was answered, with the receipt; null where nothing was from this block on.</summary>
    public async Task<AnsweredJob?> FindAnswerAsync(ulong job, ulong fromBlock, CancellationToken cancellation = default) =>
        await FindAnswerAsync(job, await WindowsFromAsync(fromBlock, cancellation), cancellation);

    /// <summary>As <see cref="FindAnswerAsync(ulong, ulong, CancellationToken)"/>, from the latest block back: soon done for a young job.</summary>
    public async Task<AnsweredJob?> FindLatestAnswerAsync(ulong job, CancellationToken cancellation = default) =>
        await FindAnswerAsync(job, LogWindows.Back(await rpc.GetBlockNumberAsync(cancellation)), cancellation);

    /// <summary>All answers of a span of blocks.</summary>
    public async Task<IReadOnlyList<AnsweredJob>> GetAnswersAsync(ulong fromBlock, ulong toBlock, CancellationToken cancellation = default)
    {
        var logs = await rpc.GetLogsAsync(new LogQuery(JobsInterface.Contract, fromBlock, toBlock, [JobsInterface.JobAnswered.Topic]), cancellation);
        return [.. logs.Select(TryReadAnswer).OfType<AnsweredJob>()];
    }

    /// <summary>The jobs that were offered to a provider in a span of blocks, with the block of each offer.</summary>
    public async Task<IReadOnlyList<(ulong Job, ulong Block)>> GetOffersAsync(Address provider, ulong fromBlock, ulong toBlock, CancellationToken cancellation = default)
    {
        var query = new LogQuery(JobsInterface.Contract, fromBlock, toBlock, [JobsInterface.JobOffered.Topic, null, AbiEvent.TopicOf(provider)]);
        var logs = await rpc.GetLogsAsync(query, cancellation);
        return [.. logs.Where(log => log.Log.Topics.Count == 3 && HasJob(log.Log)).Select(log => (JobIn(log.Log), log.BlockNumber))];
    }

    /// <summary>The encoded receipts that logs hold.</summary>
    internal static IEnumerable<byte[]> FindReceipts(IEnumerable<LogEntry> logs) =>
        logs.Select(log => TryReadAnswer(new MinedLog(log, 0, default))).OfType<AnsweredJob>().Select(answer => answer.Encoded);

    private async Task<RequestedJob?> FindRequestAsync(ulong job, IEnumerable<(ulong From, ulong To)> windows, CancellationToken cancellation)
    {
        await foreach (var log in LogsAsync([JobsInterface.JobRequested.Topic, AbiEvent.TopicOf(job)], windows, cancellation))
        {
            if (TryReadRequest(log.Log) is { } request)
                return request;
        }
        return null;
    }

    private async Task<AnsweredJob?> FindAnswerAsync(ulong job, IEnumerable<(ulong From, ulong To)> windows, CancellationToken cancellation)
    {
        await foreach (var log in LogsAsync([JobsInterface.JobAnswered.Topic, AbiEvent.TopicOf(job)], windows, cancellation))
        {
            if (TryReadAnswer(log) is { } answer)
                return answer;
        }
        return null;
    }

    private async IAsyncEnumerable<MinedLog> LogsAsync(
        Hash256?[] topics, IEnumerable<(ulong From, ulong To)> windows, [EnumeratorCancellation] CancellationToken cancellation)
    {
        foreach (var (from, to) in windows)
        {
            foreach (var log in await rpc.GetLogsAsync(new LogQuery(JobsInterface.Contract, from, to, topics), cancellation))
                yield return log;
        }
    }

    private async Task<IEnumerable<(ulong From, ulong To)>> WindowsFromAsync(ulong first, CancellationToken cancellation) =>
        Windows(first, await rpc.GetBlockNumberAsync(cancellation));

    private static IEnumerable<(ulong From, ulong To)> Windows(ulong first, ulong last)
    {
        for (var from = first; from <= last; from += LogWindows.Blocks)
            yield return (from, Math.Min(last, from + LogWindows.Blocks - 1));
    }

    private static RequestedJob? TryReadRequest(LogEntry log)
    {
        if (log.Address != JobsInterface.Contract || log.Topics.Count != 4 || log.Topics[0] != JobsInterface.JobRequested.Topic || !HasJob(log))
            return null;
        var reader = new AbiReader(log.Data.Span);
        return reader.TryReadUInt64(out var evidence) && reader.TryReadUInt64(out var deadline) && reader.TryReadUInt64(out var kind)
            && reader.TryReadHash(out var commitment) && reader.TryReadBytes(out var input) && reader.TryEnd()
            ? new RequestedJob(
                JobIn(log), AddressIn(log.Topics[2]), AddressIn(log.Topics[3]), (JobEvidence)evidence, deadline, (JobInputKind)kind, commitment, input.ToArray())
            : null;
    }

    private static AnsweredJob? TryReadAnswer(MinedLog mined)
    {
        var log = mined.Log;
        if (log.Address != JobsInterface.Contract || log.Topics.Count != 4 || log.Topics[0] != JobsInterface.JobAnswered.Topic || !HasJob(log))
            return null;
        var reader = new AbiReader(log.Data.Span);
        return reader.TryReadBytes(out var output) && reader.TryReadBytes(out var encoded) && reader.TryEnd()
            && InferenceReceipt.TryDecode(encoded, out var receipt, out _) && receipt.Id == log.Topics[3]
            ? new AnsweredJob(JobIn(log), AddressIn(log.Topics[2]), output.ToArray(), receipt, encoded.ToArray(), mined.TransactionHash, mined.BlockNumber)
            : null;
    }

    /// <summary>A node may give logs that no contract made.</summary>
    private static bool HasJob(LogEntry log) => UInt256.FromBigEndian(log.Topics[1].Span).FitsUInt64;

    private static ulong JobIn(LogEntry log) => (ulong)UInt256.FromBigEndian(log.Topics[1].Span);

    private static Address AddressIn(Hash256 topic) => new(topic.Span[(Hash256.Size - Address.Size)..]);

    private static TransactionRequest Send(AbiWriter data) => new() { To = JobsInterface.Contract, Data = data.ToArray() };
}
