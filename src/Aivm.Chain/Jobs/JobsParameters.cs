using Aivm.Primitives;

namespace Aivm.Chain;

/// <summary>Constants of the Jobs contract; what a genesis may change is in <see cref="MarketRules"/>.</summary>
public static class JobsParameters
{
    /// <summary>Providers that are asked one after the other, chosen when the funds are locked.</summary>
    public const int MaxCandidates = 3;

    /// <summary>In the transaction; larger inputs are given by digest.</summary>
    public const int MaxInputBytes = 256 << 10;

    public const int MaxOutputBytes = 64 << 10;

    public const int MaxReasonBytes = 256;

    /// <summary>Of what a callback reverted with, in the event.</summary>
    public const int MaxCallbackDataBytes = 1 << 10;

    /// <summary>For the event of a callback that failed, and the return of the receipt's id.</summary>
    internal const ulong GasAfterCallback =
        CallGas.Log + (3 * CallGas.LogTopic) + (CallGas.LogByte * (64 + MaxCallbackDataBytes)) + CallGas.PerWord;

    public const ulong MaxDeadlineSeconds = 30 * 86_400;

    public const ulong MaxCallbackGas = 5_000_000;

    /// <summary>The stipend pays for the callback at this many times the base fee of the request's block.</summary>
    public const ulong StipendBaseFees = 2;

    /// <summary>Jobs that the end of one block looks at.</summary>
    public const int SweptPerBlock = 256;

    public static readonly UInt256 MaxPayment = (UInt256.One << 96) - UInt256.One;
}
