using Aivm.Chain;
using Aivm.Primitives;
using Aivm.Sdk;
using Aivm.Tests.Sdk.Content;

namespace Aivm.Tests.Sdk;

public sealed class OffChainModelTests
{
    private static readonly byte[] Code =
        [0xEF, 0xA2, 1, .. Keccak.Hash("m"u8).Span, .. ContentDigest.Of("m"u8).Hash.Span, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 2, 0];

    [Fact]
    public void A_descriptor_is_read_from_code()
    {
        Assert.True(OffChainModel.TryDecode(Code, out var model));
        Assert.Equal(new OffChainModel(OffChainKind.Container, Keccak.Hash("m"u8), ContentDigest.Of("m"u8), 1, 512), model);
    }

    public static TheoryData<string> Changes => [.. Changed.Keys];

    private static readonly Dictionary<string, Func<byte[], byte[]>> Changed = new()
    {
        ["nothing"] = _ => [],
        ["a byte less"] = code => code[..^1],
        ["a byte more"] = code => [.. code, 0],
        ["another prefix"] = code => [0xEF, 0xA1, .. code[2..]],
        ["no kind"] = code => [.. code[..2], 0, .. code[3..]],
        ["a kind that does not exist"] = code => [.. code[..2], 3, .. code[3..]],
        ["no size"] = code => [.. code[..^16], 0, 0, 0, 0, 0, 0, 0, 0, .. code[^8..]],
        ["a size that no model has"] = code => [.. code[..^16], 0xFF, .. code[^15..]],
        ["no gas"] = code => [.. code[..^8], 0, 0, 0, 0, 0, 0, 0, 0],
        ["gas that cannot be declared"] = code => [.. code[..^8], 0xFF, .. code[^7..]],
    };

    [Theory]
    [MemberData(nameof(Changes))]
    public void Code_that_the_chain_never_writes_is_no_descriptor(string name) => Assert.False(OffChainModel.TryDecode(Changed[name]([.. Code]), out _));

    [Fact]
    public async Task A_file_is_described_by_both_of_its_hashes_and_its_length()
    {
        using var folder = new ContentFolder();
        var bytes = ContentFolder.Bytes(1, (3 << 20) + 5);
        var model = await OffChainModel.OfFileAsync(OffChainKind.Onnx, folder.Write("model", bytes), 9, TestContext.Current.CancellationToken);
        Assert.Equal(new OffChainModel(OffChainKind.Onnx, Keccak.Hash(bytes), ContentDigest.Of(bytes), bytes.Length, 9), model);
    }

    [Fact]
    public void Kinds_and_bounds_are_those_of_the_chain()
    {
        foreach (var kind in Enum.GetValues<OffChainKind>())
            Assert.Equal(Enum.Parse<OffChainModelKind>(kind.ToString()), (OffChainModelKind)(byte)kind);
        Assert.Equal(Enum.GetValues<OffChainKind>().Length, Enum.GetValues<OffChainModelKind>().Length);
        Assert.Equal((OffChainDescriptor.MaxSize, OffChainDescriptor.MaxGas), ((ulong)OffChainModel.MaxSize, OffChainModel.MaxGas));
    }
}
