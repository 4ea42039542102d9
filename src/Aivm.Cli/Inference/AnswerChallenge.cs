using Aivm.Cli.Output;
using Aivm.Cli.Proving;
using Aivm.Primitives;
using Aivm.Sdk;

namespace Aivm.Cli.Inference;

/// <summary>What shows that an answer is wrong.</summary>
internal enum ChallengeKind
{
    /// <summary>A run of all validators. Whoever sees it in the pool can send the same.</summary>
    Replay,
    /// <summary>A proof of our own run, which is of use to nobody else.</summary>
    Proof,
}

/// <summary>A challenge that the node would take now. Nothing was sent.</summary>
/// <param name="Transaction">With its gas and fees.</param>
/// <param name="Cost">Wei, the most that it takes.</param>
internal sealed record AnswerChallenge(ChallengeKind Kind, TransactionRequest Transaction, UInt256 Cost)
{
    /// <param name="wanted">Null: a replay where that fits into a transaction, else a proof.</param>
    /// <exception cref="AivmException"><c>challenge-too-dear</c>, <c>proof-unsupported</c>.</exception>
    /// <exception cref="RpcException">The chain would refuse it, and why.</exception>
    public static async Task<AnswerChallenge> MakeAsync(Wallet wallet, WrongAnswer answer, ChallengeKind? wanted, Terminal terminal, CancellationToken cancellation)
    {
        terminal.Remark("Our own run of the model gives another output.");
        var replay = wanted is ChallengeKind.Proof
            ? null
            : await TryPriceAsync(wallet, ChallengeKind.Replay, JobsClient.ChallengeByReplay(answer.Job, answer.Salt, answer.Input), cancellation);
        if (replay is null && wanted is ChallengeKind.Replay)
            throw TooDear("A run of the model fits into no transaction: challenge with --by proof.");
        if (replay is null && wanted is null)
            terminal.Remark("A run of it fits into no transaction, so a proof shows it.");
        return replay
            ?? await TryPriceAsync(wallet, ChallengeKind.Proof, await ProveAsync(wallet, answer, terminal, cancellation), cancellation)
            ?? throw TooDear("The verification of a proof of this model fits into no transaction.");
    }

    private static async Task<TransactionRequest> ProveAsync(Wallet wallet, WrongAnswer answer, Terminal terminal, CancellationToken cancellation)
    {
        var numbers = new long[answer.Model.InputCount];
        answer.Model.UnpackInput(answer.Input, numbers);
        var context = JobsClient.ProofContext(await wallet.Rpc.GetChainIdAsync(cancellation), answer.Job, wallet.Address);
        var proof = await RunProver.ProveAsync(
            new ProofRequest(answer.Model, answer.Container, Samples: 1, context, numbers, answer.Outputs), password: null, terminal);
        return JobsClient.ChallengeByProof(answer.Job, answer.Salt, answer.Input, answer.Outputs, weightRoot: Hash256.Zero, proof.Proof);
    }

    /// <returns>Null where it fits into no transaction.</returns>
    private static async Task<AnswerChallenge?> TryPriceAsync(Wallet wallet, ChallengeKind kind, TransactionRequest request, CancellationToken cancellation)
    {
        if (await wallet.TryEstimateGasAsync(request, cancellation) is not { } gas)
            return null;
        var fees = await wallet.Rpc.GetFeesAsync(cancellation);
        return new AnswerChallenge(kind, request with { GasLimit = gas, Fees = fees }, fees.MaxFeePerGas * gas);
    }

    private static AivmException TooDear(string message) => new(Failure.Input, "challenge-too-dear", message);
}
