using System.Runtime.InteropServices;
using Aivm.Primitives;
using Aivm.Provider;
using Aivm.Sdk;
using Aivm.Tests.Proofs;

namespace Aivm.Tests.Provider;

public sealed partial class EnclaveTests : IDisposable
{
    private const int GetDumpable = 3;
    private const int SetDumpable = 4;

    private readonly DirectoryInfo _home = Directory.CreateTempSubdirectory("aivm-enclave-");

    public void Dispose() => _home.Delete(recursive: true);

    /// <summary>The disk is outside what the hardware attests. A development TEE promises nothing, and works on any machine.</summary>
    [Theory]
    [InlineData(JobEvidence.Attested, false)]
    [InlineData(JobEvidence.Attested, true)]
    [InlineData(JobEvidence.DevelopmentAttested, true)]
    public void A_sealed_input_is_not_opened_in_memory_that_may_be_written_to_a_disk(JobEvidence kind, bool hasSwap)
    {
        var memory = TestMemory.In(_home, swaps: hasSwap ? $"{TestMemory.NoSwap}/dev/sda2 partition 8388604 0 -2\n" : TestMemory.NoSwap);
        using var keys = SessionKeys.Generate();
        using var reply = EncryptionKey.Generate();
        var (provider, caller) = (Address.Parse("0x00000000000000000000000000000000000000aa"), Address.Parse("0x00000000000000000000000000000000000000bb"));
        byte[] input = [.. SmallNetwork.Input(3).Select(number => (byte)number)];
        var binding = new InputBinding(1, provider, SmallNetwork.Model.Hash, caller);
        Assert.True(SealedInput.TrySeal(binding, keys.Encryption.PublicKey.Span, reply.PublicKey.Span, input, out var hidden, out var error), error?.ToString());
        using var enclave = new Enclave(new Hardware(kind), memory, keys);
        var job = new EnclaveJob(1, provider, 7, caller, hidden.Commitment, IsSealed: true, hidden.Bytes.ToArray(), Height: 5);
        EnclaveAnswer Answer(EnclaveJob asked) => enclave.Answer(new IntegerModel(SmallNetwork.Model, SmallNetwork.Container), asked, TestContext.Current.CancellationToken);
        if (kind == JobEvidence.Attested && hasSwap)
            Assert.Equal("memory-swapped", Assert.Throws<JobRefusal>(() => Answer(job)).Error.Code);
        else
            Assert.NotEmpty(Answer(job).Output);
        // What everybody may read may be written anywhere.
        Assert.Equal(OutputNumbers.Pack(SmallNetwork.Run(SmallNetwork.Input(3))), Answer(job with { Job = 8, IsSealed = false, Input = input }).Output);
    }

    /// <summary>A crash must not write what callers sealed to a disk.</summary>
    [Fact]
    public void An_attested_process_leaves_no_core_dump()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "prctl is Linux's.");
        var before = Control(GetDumpable, 0);
        try
        {
            MachineMemory.KeepOutOfDumps();
            Assert.Equal(0, Control(GetDumpable, 0));
        }
        finally
        {
            _ = Control(SetDumpable, (nuint)before);
        }
    }

    private static int Control(int option, nuint value) => ProcessControl(option, value, 0, 0, 0);

    [LibraryImport("libc", EntryPoint = "prctl")]
    private static partial int ProcessControl(int option, nuint second, nuint third, nuint fourth, nuint fifth);

    private sealed record Hardware(JobEvidence Kind) : ITrustedHardware
    {
        public HardwareEvidence Attest(ReadOnlySpan<byte> reportData) => new(default, []);
    }
}
