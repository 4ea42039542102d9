using Aivm.Node;
using Aivm.Primitives;
using Aivm.Provider;
using Aivm.Sdk;
using Aivm.Tests.Proofs;

namespace Aivm.Tests.Provider;

/// <summary>What a provider's next process finds of the last one.</summary>
public sealed partial class ProviderTests
{
    [Fact]
    public async Task A_sealed_input_that_was_accepted_is_answered_by_the_process_after_the_one_that_was_killed()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Elsewhere no folder is known to lie in memory.");
        await ServeAsync(JobEvidence.DevelopmentAttested, observer: item => EndAt(ProviderEventKind.Accepted, item));
        var caller = new JobCaller(_caller);
        var plain = new JobRequest(_model, JobEvidence.DevelopmentAttested, await DeadlineAsync(), Packed(SmallNetwork.Input(7)));
        var hidden = await caller.SealAsync(plain, await caller.QuoteAsync(plain, Cancellation), Cancellation);
        using var reply = hidden.ReplyKey;
        var job = await RequestAsync(hidden.Request);
        await _serving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        Assert.Equal(JobState.Accepted, (await new JobsClient(_rpc).GetAsync(job, Cancellation)).State);

        await ServeAgainAsync();
        var answer = await AnswerAsync(job);
        Assert.True(SealedOutput.TryOpen(reply, DevChain.ChainId, job, answer.Receipt.OutputHash, answer.Output, out var outputs, out var error), error?.ToString());
        Assert.Equal(SmallNetwork.Run(SmallNetwork.Input(7)), outputs);
        Assert.Single(_events, item => item.Kind == ProviderEventKind.SessionOpened);
    }

    /// <summary>The provider's directory is on a disk, which whoever runs the machine reads.</summary>
    [Fact]
    public async Task The_secrets_of_a_session_are_in_no_file_of_the_providers_directory()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Elsewhere no folder is known to lie in memory.");
        await ServeAsync(JobEvidence.DevelopmentAttested);
        await AnswerAsync(await RequestAsync(new JobRequest(_model, JobEvidence.DevelopmentAttested, await DeadlineAsync(), Packed(SmallNetwork.Input(3)))));
        await StopAsync();
        var secrets = await KeptSecretsAsync();
        foreach (var file in _home.EnumerateFiles("*", SearchOption.AllDirectories))
        {
            var content = await File.ReadAllBytesAsync(file.FullName, Cancellation);
            foreach (var secret in secrets)
            {
                var hex = Convert.ToHexString(secret);
                foreach (var form in (byte[][])[secret, [.. hex.Select(digit => (byte)digit)], [.. hex.ToLowerInvariant().Select(digit => (byte)digit)]])
                    Assert.True(content.AsSpan().IndexOf(form) < 0, $"{file.FullName} holds a secret of the session");
            }
        }
    }

    /// <summary>A chain that ends with its process leaves nothing behind in the machine's memory.</summary>
    [Fact]
    public async Task Keys_are_left_to_no_other_process_where_that_is_not_wanted()
    {
        var memory = TestMemory.In(_home);
        await ServeAsync(JobEvidence.DevelopmentAttested, memory: memory, keepsSessionKeys: false);
        await AnswerAsync(await RequestAsync(new JobRequest(_model, JobEvidence.DevelopmentAttested, await DeadlineAsync(), Packed(SmallNetwork.Input(3)))));
        Assert.Empty(Directory.EnumerateFileSystemEntries(memory.Folder));
        Assert.DoesNotContain(_events, item => item.Kind == ProviderEventKind.SessionKeys);
    }

    [Fact]
    public async Task Without_a_folder_in_memory_a_provider_works_says_so_and_starts_anew()
    {
        var disk = TestMemory.In(_home, fileSystem: "ext4");
        await ServeAsync(JobEvidence.DevelopmentAttested, memory: disk);
        var first = await new AttestationsClient(_caller).GetSessionAsync(Provider, Cancellation);
        await HappensAsync(item => item.Kind == ProviderEventKind.SessionKeys && item.Message.StartsWith("memory-folder-missing: ", StringComparison.Ordinal));
        await ServeAgainAsync(disk);
        await UntilAsync(async () => (await new AttestationsClient(_caller).GetSessionAsync(Provider, Cancellation))!.Signer != first!.Signer);
        Assert.Empty(Directory.EnumerateFileSystemEntries(disk.Folder));
    }

    /// <summary>Who sealed to the session before its renewal is answered after it.</summary>
    [Fact]
    public async Task A_renewed_session_has_the_keys_that_inputs_were_sealed_to()
    {
        var wallet = new Wallet(_rpc, DevChain.Accounts[1].Key.Span);
        var hardware = new DevelopmentHardware();
        var keys = new SessionKeyFile(wallet, DevChain.ChainId, Hash256.Zero, hardware.Kind, TestMemory.In(_home), _events.Enqueue);
        using var session = new EnclaveSession(wallet, DevChain.ChainId, hardware, TestMemory.In(_home), keys, _events.Enqueue);
        var head = await _rpc.GetHeadAsync(Cancellation);
        await session.EnsureAsync(head, Cancellation);
        var first = (await new AttestationsClient(wallet).GetSessionAsync(Provider, Cancellation))!;
        await session.EnsureAsync(head with { Time = first.ExpiresAt - 1 }, Cancellation);
        var second = (await new AttestationsClient(wallet).GetSessionAsync(Provider, Cancellation))!;
        Assert.Equal(2, _events.Count(item => item.Kind == ProviderEventKind.SessionOpened));
        Assert.Equal((first.Signer, first.EncryptionKey), (second.Signer, second.EncryptionKey));
    }

    /// <summary>The process goes no step further than this.</summary>
    private void EndAt(ProviderEventKind kind, ProviderEvent item)
    {
        if (item.Kind == kind)
            _stopping.Cancel();
    }

    private async Task ServeAgainAsync(MachineMemory? memory = null)
    {
        await StopAsync();
        _stopping.Dispose();
        _stopping = new CancellationTokenSource();
        await ServeAsync(JobEvidence.DevelopmentAttested, memory: memory);
    }

    /// <summary>The signing key and the one on X25519.</summary>
    private async Task<byte[][]> KeptSecretsAsync()
    {
        var file = Assert.Single(Directory.EnumerateFiles(TestMemory.In(_home).Folder, "*", SearchOption.AllDirectories));
        var chain = await _rpc.GetBlockHashAsync(0, Cancellation);
        byte[] context = [0, 0, 0, 0, 0, 0, 0x7A, 0x69, .. chain.Span, .. Provider.Span, (byte)JobEvidence.DevelopmentAttested];
        Assert.True(WrappedSessionKeys.TryOpen(await File.ReadAllBytesAsync(file, Cancellation), new Wallet(_rpc, DevChain.Accounts[1].Key.Span), context, out var keys, out var error), error?.ToString());
        var secrets = new byte[2 * EncryptionKey.Size];
        keys.CopySecrets(secrets);
        keys.Dispose();
        return [secrets[..EncryptionKey.Size], secrets[EncryptionKey.Size..]];
    }
}
