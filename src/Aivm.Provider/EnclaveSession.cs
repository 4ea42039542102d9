using Aivm.Sdk;

namespace Aivm.Provider;

/// <summary>An enclave and its session on the chain, attested again in time.</summary>
/// <param name="keys">Where its keys come from, null for fresh ones: a renewal has the same ones attested again, so that what was sealed to them opens on.</param>
internal sealed class EnclaveSession(
    Wallet wallet, ulong chainId, ITrustedHardware hardware, MachineMemory memory, SessionKeyFile? keys, Action<ProviderEvent> report) : IDisposable
{
    /// <summary>How much of a session's life may be left when the next begins.</summary>
    private const ulong RenewalDivisor = 4;

    private readonly AttestationsClient _attestations = new(wallet);
    private readonly Enclave _enclave = new(hardware, memory, keys?.Open() ?? SessionKeys.Generate());

    public JobEvidence Kind => _enclave.Kind;

    public EnclaveAnswer Answer(IRunnable model, EnclaveJob job, CancellationToken cancellation) => _enclave.Answer(model, job, cancellation);

    /// <summary>Opens the session where the chain has none of ours, or an old one.</summary>
    public async Task EnsureAsync(ChainHead head, CancellationToken cancellation)
    {
        keys?.LeaveNoneToSwap();
        var session = await _attestations.GetSessionAsync(wallet.Address, cancellation);
        if (session is not null && session.Signer == _enclave.Signer && !IsOld(session, head.Time))
            return;
        if (head.Number == 0)
            return;
        var evidence = _enclave.Attest(chainId, wallet.Address, head.ParentHash, head.Number - 1);
        await _attestations.OpenSessionAsync(evidence, cancellation);
        report(new ProviderEvent(ProviderEventKind.SessionOpened, 0, $"{Kind}, signer {_enclave.Signer.ToChecksumString()}"));
    }

    public void Dispose() => _enclave.Dispose();

    private static bool IsOld(ProviderSession session, ulong time) =>
        time + ((session.ExpiresAt - session.OpenedAt) / RenewalDivisor) >= session.ExpiresAt;
}
